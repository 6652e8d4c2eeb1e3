//! A transaction whose statements mean the tables of its session's [`Layers`], and whose errors say what was being done.

use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::copy::CopyRows;
use crate::{Layers, Session, WarehouseError};

/// The parameters of a statement.
pub(crate) type Parameters<'p> = &'p [&'p (dyn ToSql + Sync)];

/// See the module's description. Dropped without [`LayeredTransaction::commit`] it leaves nothing behind.
pub(crate) struct LayeredTransaction<'a> {
    inner: Transaction<'a>,
    layers: Layers,
}

impl<'a> LayeredTransaction<'a> {
    pub(crate) async fn begin(
        session: &'a mut Session,
        doing: &'static str,
    ) -> Result<LayeredTransaction<'a>, WarehouseError> {
        let layers = session.layers();
        let inner = session
            .transaction()
            .await
            .map_err(WarehouseError::database(doing))?;
        Ok(LayeredTransaction { inner, layers })
    }

    /// Which tables its statements mean.
    pub(crate) fn layers(&self) -> Layers {
        self.layers
    }

    /// A transaction within this one.
    pub(crate) async fn savepoint(&mut self) -> Result<LayeredTransaction<'_>, WarehouseError> {
        let layers = self.layers;
        let inner = self
            .inner
            .transaction()
            .await
            .map_err(WarehouseError::database("setting a savepoint"))?;
        Ok(LayeredTransaction { inner, layers })
    }

    pub(crate) async fn commit(self, doing: &'static str) -> Result<(), WarehouseError> {
        self.inner
            .commit()
            .await
            .map_err(WarehouseError::database(doing))
    }

    pub(crate) async fn roll_back(self, doing: &'static str) -> Result<(), WarehouseError> {
        self.inner
            .rollback()
            .await
            .map_err(WarehouseError::database(doing))
    }

    /// Runs a statement, prepared once a connection, and answers its rows.
    pub(crate) async fn query(
        &self,
        statement: &'static str,
        parameters: Parameters<'_>,
        doing: &'static str,
    ) -> Result<Vec<Row>, WarehouseError> {
        let prepared = self
            .inner
            .prepare_cached(&self.layers.place(statement))
            .await
            .map_err(WarehouseError::database(doing))?;
        self.inner
            .query(&prepared, parameters)
            .await
            .map_err(WarehouseError::database(doing))
    }

    /// As [`LayeredTransaction::query`], for a statement that answers one row.
    pub(crate) async fn query_one(
        &self,
        statement: &'static str,
        parameters: Parameters<'_>,
        doing: &'static str,
    ) -> Result<Row, WarehouseError> {
        let mut rows = self.query(statement, parameters, doing).await?;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row),
            _ => Err(WarehouseError::Inconsistent(format!(
                "{doing}: PostgreSQL did not answer one row"
            ))),
        }
    }

    /// Runs a statement, prepared once a connection, and answers how many rows it touched.
    pub(crate) async fn execute(
        &self,
        statement: &'static str,
        parameters: Parameters<'_>,
        doing: &'static str,
    ) -> Result<u64, WarehouseError> {
        let prepared = self
            .inner
            .prepare_cached(&self.layers.place(statement))
            .await
            .map_err(WarehouseError::database(doing))?;
        self.inner
            .execute(&prepared, parameters)
            .await
            .map_err(WarehouseError::database(doing))
    }

    /// Copies rows with the given `COPY … FROM STDIN (FORMAT binary)`.
    pub(crate) async fn copy(
        &self,
        rows: CopyRows,
        statement: &'static str,
        doing: &'static str,
    ) -> Result<(), WarehouseError> {
        rows.copy(&self.inner, &self.layers.place(statement), doing)
            .await
    }
}

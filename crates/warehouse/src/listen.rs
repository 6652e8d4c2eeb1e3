//! Wakes a stage when the one before it has committed.

use std::future::poll_fn;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, Connection, NoTls};

use crate::connect::explain_connect;
use crate::{DatabaseSettings, WarehouseError};

/// Sent by the consumer after each bronze transaction.
pub const BRONZE_CHANNEL: &str = "assay_bronze";
/// Sent by the silver stage after each transaction.
pub const SILVER_CHANNEL: &str = "assay_silver";
/// Sent by `ops.request_run` when somebody asks for a run.
pub const RUNS_CHANNEL: &str = "assay_runs";

/// Notifications of one connection, until it breaks. A notification that comes while nobody waits is kept, once.
pub struct Listener {
    arrived: Arc<Notify>,
    // Dropping the client ends the connection.
    _client: tokio_postgres::Client,
    driver: tokio::task::JoinHandle<()>,
}

impl Listener {
    /// Listens to one channel, [`BRONZE_CHANNEL`], [`SILVER_CHANNEL`] or [`RUNS_CHANNEL`].
    ///
    /// # Errors
    /// Those of connecting.
    pub async fn open(
        settings: &DatabaseSettings,
        channel: &'static str,
    ) -> Result<Self, WarehouseError> {
        let arrived = Arc::new(Notify::new());
        let explain = |error: tokio_postgres::Error| explain_connect(settings, &error);
        let config = settings.config.clone();
        let (client, driver) = if settings.needs_tls() {
            let (client, connection) = config
                .connect(settings.tls_connector()?)
                .await
                .map_err(explain)?;
            (client, tokio::spawn(forward(connection, arrived.clone())))
        } else {
            let (client, connection) = config.connect(NoTls).await.map_err(explain)?;
            (client, tokio::spawn(forward(connection, arrived.clone())))
        };
        let statement = match channel {
            SILVER_CHANNEL => "LISTEN assay_silver",
            RUNS_CHANNEL => "LISTEN assay_runs",
            _ => "LISTEN assay_bronze",
        };
        client
            .batch_execute(statement)
            .await
            .map_err(WarehouseError::database("listening"))?;
        Ok(Listener {
            arrived,
            _client: client,
            driver,
        })
    }

    /// Waits for the next notification; returns at once where one came since the last call.
    pub async fn notified(&self) {
        self.arrived.notified().await;
    }

    /// Whether the connection has ended; open another one.
    pub fn is_closed(&self) -> bool {
        self.driver.is_finished()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

async fn forward<S, T>(mut connection: Connection<S, T>, arrived: Arc<Notify>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if matches!(message, AsyncMessage::Notification(_)) {
            arrived.notify_one();
        }
    }
    // Whoever waits shall look around and find the connection closed.
    arrived.notify_one();
}

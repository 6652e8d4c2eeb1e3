use std::path::{Path, PathBuf};

use thiserror::Error;
use warehouse::WarehouseError;

/// Why a mart could not be carried elsewhere. What stood there before stands there still.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The mart could not be read.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The file could not be written.
    #[error("cannot write {path}: {cause}: choose another --output, or make room there")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// The other database's address is malformed.
    #[error("{0}")]
    Configuration(String),
    /// The other database could not be reached, or refused.
    #[error("MySQL: {0}: the table that was there is as it was")]
    MySql(String),
    /// A value does not fit into the target.
    #[error("{0}: the target cannot hold it")]
    Value(String),
}

impl ExportError {
    pub(crate) fn file(path: &Path, cause: impl std::fmt::Display) -> ExportError {
        ExportError::File {
            path: path.to_owned(),
            cause: cause.to_string(),
        }
    }
}

impl From<mysql_async::Error> for ExportError {
    fn from(error: mysql_async::Error) -> Self {
        ExportError::MySql(error.to_string())
    }
}

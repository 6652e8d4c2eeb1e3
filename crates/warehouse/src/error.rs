use thiserror::Error;
use tokio_postgres::error::SqlState;

/// What went wrong with the warehouse. Decide by [`WarehouseError::class`].
#[derive(Debug, Error)]
pub enum WarehouseError {
    /// The settings cannot be used as they are; trying again changes nothing.
    #[error("{0}")]
    Configuration(String),
    /// No connection, at this moment.
    #[error("cannot reach {target}: {cause}")]
    Unreachable {
        /// What is not there, and where; without the password.
        target: String,
        /// What the driver said.
        cause: String,
    },
    /// A statement failed.
    #[error("{doing}: {}", describe(source))]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the driver said.
        source: tokio_postgres::Error,
    },
    /// Someone else has claimed what we were writing to; nothing was written.
    #[error("another writer has taken over: {0}")]
    Fenced(String),
    /// The database did something else than it was asked to; nothing was committed.
    #[error("{0}")]
    Inconsistent(String),
}

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Stop: a person must change the settings, the password or the schema.
    Configuration,
    /// Do the whole transaction again, after a pause.
    Retry,
    /// The database refuses the data itself: find the row and quarantine it.
    Refused,
    /// Drop what is in hand: it is not ours any more.
    Fenced,
    /// Stop: this is a defect or a damaged database.
    Stop,
}

impl WarehouseError {
    /// Wraps a driver error with what was being done.
    pub(crate) fn database(doing: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| WarehouseError::Database { doing, source }
    }

    /// What to do about it.
    pub fn class(&self) -> ErrorClass {
        match self {
            WarehouseError::Configuration(_) => ErrorClass::Configuration,
            WarehouseError::Unreachable { .. } => ErrorClass::Retry,
            WarehouseError::Fenced(_) => ErrorClass::Fenced,
            WarehouseError::Inconsistent(_) => ErrorClass::Stop,
            WarehouseError::Database { source, .. } => classify(source),
        }
    }

    /// Whether another transaction was in the way, nothing else: deadlock, serialization, a lock held for too long.
    pub fn is_conflict(&self) -> bool {
        let WarehouseError::Database { source, .. } = self else {
            return false;
        };
        let state = source.code().map_or("", |state| state.code());
        state.starts_with("40") || state == "55P03"
    }

    /// The name of the constraint that refused the data, where there is one.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            WarehouseError::Database { source, .. } => source.as_db_error()?.constraint(),
            _ => None,
        }
    }
}

/// The class of a driver error, by the first two characters of its SQLSTATE (PostgreSQL manual, appendix A).
pub(crate) fn classify(error: &tokio_postgres::Error) -> ErrorClass {
    let Some(state) = error.code() else {
        // No SQLSTATE: the connection broke, or it was never made.
        return ErrorClass::Retry;
    };
    if *state == SqlState::UNDEFINED_TABLE
        || *state == SqlState::UNDEFINED_COLUMN
        || *state == SqlState::UNDEFINED_FUNCTION
        || *state == SqlState::INVALID_SCHEMA_NAME
        || *state == SqlState::INSUFFICIENT_PRIVILEGE
    {
        return ErrorClass::Configuration;
    }
    match state.code().get(..2) {
        Some("08" | "25" | "40" | "53" | "55" | "57" | "58") => ErrorClass::Retry,
        Some("22" | "23") => ErrorClass::Refused,
        Some("28" | "3D") => ErrorClass::Configuration,
        _ => ErrorClass::Stop,
    }
}

/// The driver's own text says only "db error" where the server explained itself; this says what it explained.
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    if let Some(explained) = error.as_db_error() {
        let hint = match *explained.code() {
            SqlState::UNDEFINED_TABLE
            | SqlState::UNDEFINED_COLUMN
            | SqlState::UNDEFINED_FUNCTION
            | SqlState::INVALID_SCHEMA_NAME => {
                ": the warehouse is not migrated to this version, run `transformer migrate`"
            }
            SqlState::INSUFFICIENT_PRIVILEGE => {
                ": connect as the role that docs/OPERATIONS.md names for this service"
            }
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                ": check user and password in DATABASE_URL"
            }
            SqlState::INVALID_CATALOG_NAME => ": check the database's name in DATABASE_URL",
            _ => "",
        };
        return format!(
            "{} (SQLSTATE {}){hint}",
            explained.message(),
            explained.code().code()
        );
    }
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

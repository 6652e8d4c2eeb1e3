//! What every service does with the warehouse at its start, and how the warehouse's errors end a service.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use service_kit::{Backoff, Failure, Outage, Secret, Shutdown, secret_from_env};

use crate::{DatabaseSettings, ErrorClass, Session, Warehouse, WarehouseError};

/// Reads `DATABASE_URL` (or the file that `DATABASE_URL_FILE` names), `DATABASE_PASSWORD` (or its file) where the URL holds
/// no password, and `DATABASE_CA_FILE`.
///
/// # Errors
/// [`Failure::Configuration`] where the URL is missing or malformed, or the password is given twice.
pub fn settings_from_environment(service: &str) -> Result<DatabaseSettings, Failure> {
    let url = secret_from_env("DATABASE_URL")?.ok_or_else(|| {
        Failure::Configuration(
            "DATABASE_URL is not set: set it to postgres://user:password@localhost:5432/assay, or \
             DATABASE_URL_FILE to a file that holds it"
                .into(),
        )
    })?;
    let settings = settings_of(&url, service)?;
    match secret_from_env("DATABASE_PASSWORD")? {
        Some(password) => Ok(settings.with_password(password.expose())?),
        None => Ok(settings),
    }
}

/// Reads `OWNER_DATABASE_URL` (or the file that `OWNER_DATABASE_URL_FILE` names): with it a running transformer may do
/// what only the owner of the warehouse may. Nothing where it is not set, as it need not be.
///
/// # Errors
/// [`Failure::Configuration`] where the URL is malformed.
pub fn owner_settings_from_environment(service: &str) -> Result<Option<DatabaseSettings>, Failure> {
    secret_from_env("OWNER_DATABASE_URL")?
        .map(|url| settings_of(&url, service))
        .transpose()
}

fn settings_of(url: &Secret, service: &str) -> Result<DatabaseSettings, Failure> {
    // Compose files pass on what is not set as empty.
    let authority = std::env::var_os("DATABASE_CA_FILE")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    Ok(DatabaseSettings::parse(url.expose(), service)?.with_certificate_authority(authority))
}

impl From<WarehouseError> for Failure {
    fn from(error: WarehouseError) -> Self {
        let text = error.to_string();
        match error.class() {
            ErrorClass::Configuration => Failure::Configuration(text),
            ErrorClass::Retry => Failure::Unreachable(text),
            ErrorClass::Refused | ErrorClass::Fenced | ErrorClass::Stop => {
                Failure::DataNotInOrder(text)
            }
        }
    }
}

/// The first session: waits for PostgreSQL to come up, as long as `patience` lasts.
///
/// # Errors
/// [`Failure::Unreachable`] when patience has run out, [`Failure::Configuration`] at once for what waiting will not
/// mend, [`Failure::Interrupted`] when told to stop.
pub async fn first_session(
    warehouse: &Warehouse,
    patience: Duration,
    shutdown: &Shutdown,
) -> Result<Session, Failure> {
    let target = warehouse.settings().target();
    let mut outage = Outage::new(format!("PostgreSQL at {target}"));
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    let began = Instant::now();
    loop {
        let error = match warehouse.connect().await {
            Ok(session) => {
                outage.back();
                return Ok(session);
            }
            Err(error) => error,
        };
        if error.class() != ErrorClass::Retry {
            return Err(error.into());
        }
        outage.away(&error);
        let delay = backoff.next_delay();
        if began.elapsed() + delay > patience {
            return Err(Failure::Unreachable(format!(
                "{error}; gave up after {} s: start PostgreSQL (`make demo` brings its own), check DATABASE_URL, or \
                 wait longer with --wait-for-dependencies",
                began.elapsed().as_secs()
            )));
        }
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = shutdown.requested() => return Err(Failure::Interrupted),
        }
    }
}

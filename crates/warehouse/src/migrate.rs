//! Brings the warehouse to this program's version.

use tokio_postgres::NoTls;

use crate::connect::explain_connect;
use crate::{DatabaseSettings, WarehouseError};

mod embedded {
    refinery::embed_migrations!("../../warehouse-sql/migrations");
}

/// "assay" in ASCII: the advisory lock that keeps two migrators apart, which refinery itself does not.
const MIGRATION_LOCK: i64 = 0x0061_7373_6179;

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The names of the migrations applied now, in order; empty when the warehouse was up to date.
    pub applied: Vec<String>,
}

/// A login role and the password that it shall have from now on.
pub struct RolePassword {
    /// `bronze_writer`, `transformer`, `dashboard_reader` or `console`.
    pub role: &'static str,
    /// The password in the clear; only its SCRAM verifier travels.
    pub password: String,
}

/// Applies all migrations that are missing, as the owner of the database, and sets the given passwords.
///
/// # Errors
/// A migration that fails leaves the ones before it applied and itself undone.
pub async fn run(
    settings: &DatabaseSettings,
    passwords: &[RolePassword],
) -> Result<Migrated, WarehouseError> {
    let (mut client, driver) = open(settings).await?;
    let outcome = migrate_with(&mut client, passwords).await;
    drop(client);
    // The connection ends with its client; its own error, if any, has reached the statements already.
    let _ = driver.await;
    outcome
}

type Driver = tokio::task::JoinHandle<Result<(), tokio_postgres::Error>>;

async fn open(
    settings: &DatabaseSettings,
) -> Result<(tokio_postgres::Client, Driver), WarehouseError> {
    let config = settings.config.clone();
    let explain = |error: tokio_postgres::Error| explain_connect(settings, &error);
    if settings.needs_tls() {
        let (client, connection) = config
            .connect(settings.tls_connector()?)
            .await
            .map_err(explain)?;
        Ok((client, tokio::spawn(connection)))
    } else {
        let (client, connection) = config.connect(NoTls).await.map_err(explain)?;
        Ok((client, tokio::spawn(connection)))
    }
}

async fn migrate_with(
    client: &mut tokio_postgres::Client,
    passwords: &[RolePassword],
) -> Result<Migrated, WarehouseError> {
    client
        .execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK])
        .await
        .map_err(WarehouseError::database("waiting for other migrations"))?;
    let report = embedded::migrations::runner()
        .run_async(client)
        .await
        .map_err(|error| explain_migration(&error))?;
    for RolePassword { role, password } in passwords {
        set_password(client, role, password).await?;
    }
    Ok(Migrated {
        applied: report
            .applied_migrations()
            .iter()
            .map(ToString::to_string)
            .collect(),
    })
}

fn explain_migration(error: &refinery::Error) -> WarehouseError {
    use std::error::Error as _;
    let cause = error
        .source()
        .and_then(|source| source.downcast_ref::<tokio_postgres::Error>())
        .map(crate::error::describe)
        .unwrap_or_default();
    WarehouseError::Configuration(format!(
        "migration failed: {error} {cause}; what was applied before it stays, correct the cause and run \
         `transformer migrate` again"
    ))
}

async fn set_password(
    client: &tokio_postgres::Client,
    role: &str,
    password: &str,
) -> Result<(), WarehouseError> {
    let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
    // ALTER ROLE takes no parameters: the server itself quotes both into the statement.
    let statement: String = client
        .query_one(
            "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)",
            &[&role, &verifier],
        )
        .await
        .map_err(WarehouseError::database("quoting a role's password"))?
        .get(0);
    client
        .batch_execute(&statement)
        .await
        .map_err(WarehouseError::database("setting a role's password"))
}

//! Rows of a query in a shop's database, page by page: each page begins after the last key of the one before, so that
//! none costs more than the first, and one page is all that is held. All pages are of one snapshot, in a transaction
//! that can only read.
//!
//! The query is the user's own. It is wrapped, `SELECT … FROM (query) AS source WHERE key > $1 ORDER BY key LIMIT $2`;
//! nothing else is put into it, and every value comes back as text.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use service_kit::{Failure, Secret};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Visit;
use crate::import::row::{Header, Position, Row};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The variable that tells where the shop's database is.
pub const URL_VARIABLE: &str = "SOURCE_DATABASE_URL";

/// Types of key columns: ordered, and the same after a way through text.
const KEY_TYPES: [&str; 11] = [
    "int2",
    "int4",
    "int8",
    "numeric",
    "text",
    "varchar",
    "bpchar",
    "uuid",
    "date",
    "timestamp",
    "timestamptz",
];

/// What to read.
#[derive(Debug, Clone)]
pub struct Query {
    /// A SELECT that yields one row a line.
    pub sql: String,
    /// A column of it that is unique and never null.
    pub key: String,
    /// Rows that are held at a time.
    pub page_rows: u32,
    /// A PEM file of the authorities that the server's certificate is checked against; the system's without.
    pub certificate_authority: Option<PathBuf>,
}

/// A query of a database, and the columns that it yields.
pub struct PostgresTable {
    client: Client,
    query: Query,
    header: Header,
    key_type: String,
}

impl PostgresTable {
    /// Connects, and finds out what columns the query has.
    ///
    /// # Errors
    /// [`Failure::Configuration`] for a wrong URL or password, [`Failure::Unreachable`] where the database does not answer,
    /// [`Failure::Usage`] where the query or its key cannot be used.
    pub async fn open(url: &Secret, mut query: Query) -> Result<Self, Failure> {
        let client = connect(url, query.certificate_authority.as_ref()).await?;
        query.sql = query.sql.trim().trim_end_matches(';').trim_end().to_owned();
        let probe = client
            .prepare(&format!("SELECT * FROM (\n{}\n) AS source", query.sql))
            .await
            .map_err(|error| wrong_query(&error))?;
        let names: Vec<String> = probe
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        let Some(key) = probe
            .columns()
            .iter()
            .find(|column| column.name() == query.key)
        else {
            return Err(Failure::Usage(format!(
                "--key {}: the query yields no such column; there are: {}",
                query.key,
                names.join(", ")
            )));
        };
        let key_type = key.type_().name().to_owned();
        if !KEY_TYPES.contains(&key_type.as_str()) {
            return Err(Failure::Usage(format!(
                "--key {}: a column of type {key_type} cannot be paged by: choose one of type {}",
                query.key,
                KEY_TYPES.join(", ")
            )));
        }
        Ok(PostgresTable {
            client,
            query,
            header: Header::new(names),
            key_type,
        })
    }

    /// The columns of the query.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What it is.
    pub fn description(&self) -> String {
        format!(
            "PostgreSQL, pages of {} rows by {}",
            self.query.page_rows, self.query.key
        )
    }

    /// Hands every row to `visit`, in the order of the key.
    ///
    /// # Errors
    /// The first error of `visit`; [`Failure::DataNotInOrder`] where the key is null or not unique.
    pub async fn for_each_row(
        &mut self,
        visit: &mut dyn FnMut(&Row, u64) -> Visit,
    ) -> Result<(), Failure> {
        let (first_page, next_page) = self.pages();
        let null_keys = format!(
            "SELECT EXISTS (SELECT FROM (\n{}\n) AS source WHERE {} IS NULL)",
            self.query.sql,
            quoted(&self.query.key)
        );
        let page_rows = i64::from(self.query.page_rows);
        let key_name = self.query.key.clone();
        let transaction = self
            .client
            .build_transaction()
            .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await
            .map_err(|error| lost(&error))?;
        let has_null_keys: bool = transaction
            .query_one(&null_keys, &[])
            .await
            .map_err(|error| wrong_query(&error))?
            .get(0);
        if has_null_keys {
            return Err(Failure::DataNotInOrder(format!(
                "the key {key_name} is null in some rows, which would never be read: choose a key that every row has"
            )));
        }
        let mut last: Option<String> = None;
        let mut line = 0;
        loop {
            // One row more than is taken, to see whether its key is that of the last one.
            let rows = page(
                &transaction,
                &first_page,
                &next_page,
                last.as_deref(),
                page_rows + 1,
            )
            .await?;
            let is_last_page = rows.len() as u64 <= u64::from(self.query.page_rows);
            for (place, record) in (1_i64..).zip(rows) {
                let key: String = record.get(0);
                if last.as_ref() == Some(&key) {
                    return Err(Failure::DataNotInOrder(format!(
                        "the key {key_name} is not unique (twice: `{}`), so pages would miss rows: choose one that is, such as \
                         the primary key of the lines",
                        crate::import::row::shortened(&key, 40)
                    )));
                }
                if place > page_rows {
                    break;
                }
                line += 1;
                let fields = (1..record.len())
                    .map(|column| record.get::<_, Option<String>>(column).unwrap_or_default());
                let row = Row {
                    line,
                    position: Position::Key(key.clone()),
                    fields: fields.collect(),
                };
                last = Some(key);
                if visit(&row, 0)?.is_break() {
                    return Ok(());
                }
            }
            if is_last_page {
                return Ok(());
            }
        }
    }

    /// The statements of the first page and of those that follow.
    fn pages(&self) -> (String, String) {
        let key = quoted(&self.query.key);
        let columns: Vec<String> = self
            .header
            .names()
            .iter()
            .map(|name| format!("source.{}::text", quoted(name)))
            .collect();
        let head = format!(
            "SELECT source.{key}::text, {} FROM (\n{}\n) AS source",
            columns.join(", "),
            self.query.sql
        );
        (
            format!("{head} ORDER BY source.{key} LIMIT $1"),
            format!(
                "{head} WHERE source.{key} > $2::text::{} ORDER BY source.{key} LIMIT $1",
                self.key_type
            ),
        )
    }
}

async fn page(
    transaction: &Transaction<'_>,
    first_page: &str,
    next_page: &str,
    last: Option<&str>,
    rows: i64,
) -> Result<Vec<tokio_postgres::Row>, Failure> {
    let page = match last {
        None => transaction.query(first_page, &[&rows]).await,
        Some(last) => transaction.query(next_page, &[&rows, &last]).await,
    };
    page.map_err(|error| {
        if error.code().is_some() {
            wrong_query(&error)
        } else {
            lost(&error)
        }
    })
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

fn described(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |error| error.message().to_owned())
}

fn wrong_query(error: &tokio_postgres::Error) -> Failure {
    if error.code().is_none() {
        return lost(error);
    }
    Failure::Usage(format!(
        "the query cannot be run: {}: check --query and --key, and what the user may read",
        described(error)
    ))
}

fn lost(error: &tokio_postgres::Error) -> Failure {
    Failure::Unreachable(format!(
        "the shop's database went away: {}: run the import again, what was sent already changes nothing",
        described(error)
    ))
}

async fn connect(url: &Secret, certificate_authority: Option<&PathBuf>) -> Result<Client, Failure> {
    // The driver knows no `verify-full`; its `require` with our connector is that.
    let url = url
        .expose()
        .replace("sslmode=verify-full", "sslmode=require");
    let mut config: Config = url.parse().map_err(|_| {
        Failure::Configuration(format!(
            "{URL_VARIABLE} is malformed: it should look like postgres://user:password@localhost:5432/shop"
        ))
    })?;
    config
        .application_name("assay-import")
        .connect_timeout(CONNECT_TIMEOUT);
    // Times as text are the same whatever the server's settings.
    let own = config.get_options().unwrap_or_default().to_owned();
    config.options(format!(
        "{own} -c TimeZone=UTC -c DateStyle=ISO -c idle_in_transaction_session_timeout=0"
    ));
    if needs_tls(&config) {
        let connector = verifying_connector(certificate_authority)?;
        let (client, connection) = config
            .connect(connector)
            .await
            .map_err(|error| refused(&error))?;
        tokio::spawn(drive(connection));
        return Ok(client);
    }
    let (client, connection) = config
        .connect(NoTls)
        .await
        .map_err(|error| refused(&error))?;
    tokio::spawn(drive(connection));
    Ok(client)
}

/// What breaks the connection also breaks the request that waits for it, and is told there.
async fn drive<S, T>(connection: tokio_postgres::Connection<S, T>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    if let Err(error) = connection.await {
        tracing::debug!(%error, "the connection to the shop's database ended");
    }
}

fn refused(error: &tokio_postgres::Error) -> Failure {
    let Some(answer) = error.as_db_error() else {
        let cause =
            std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        return Failure::Unreachable(format!(
            "cannot reach the shop's database: {cause}: check {URL_VARIABLE}"
        ));
    };
    Failure::Configuration(format!(
        "the shop's database refuses: {}: check {URL_VARIABLE}",
        answer.message()
    ))
}

/// Across a network always, short of `sslmode=disable`; on this machine only if asked for.
fn needs_tls(config: &Config) -> bool {
    match config.get_ssl_mode() {
        SslMode::Disable => false,
        SslMode::Prefer => !config.get_hosts().iter().all(is_this_machine),
        _ => true,
    }
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn verifying_connector(authority: Option<&PathBuf>) -> Result<MakeRustlsConnect, Failure> {
    let mut roots = RootCertStore::empty();
    match authority {
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Some(file) => {
            let unusable = |why: String| {
                Failure::Configuration(format!("--source-ca-file {}: {why}", file.display()))
            };
            let certificates =
                CertificateDer::pem_file_iter(file).map_err(|error| unusable(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| unusable(error.to_string()))?;
            }
        }
    }
    if roots.is_empty() {
        return Err(Failure::Configuration(
            "no certificate authority to check the shop's database with: install ca-certificates, or say --source-ca-file"
                .to_owned(),
        ));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Configuration(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

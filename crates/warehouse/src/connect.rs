//! Settings, the bounded pool, and sessions that are never handed on dirty.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};

use crate::error::{classify, describe};
use crate::tls::verifying_connector;
use crate::{ErrorClass, Layers, WarehouseError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const POOL_WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the warehouse is and how to behave there.
#[derive(Clone)]
pub struct DatabaseSettings {
    pub(crate) config: Config,
    certificate_authority: Option<PathBuf>,
    statement_timeout: Duration,
    is_hot_path: bool,
}

impl DatabaseSettings {
    /// Reads a `postgres://user:password@host:port/database` URL.
    ///
    /// Across a network TLS with verification of certificate and host name is required, whatever `sslmode` says short
    /// of `disable`; to this machine itself TLS is used only with `sslmode=require` or `verify-full`.
    ///
    /// # Errors
    /// [`WarehouseError::Configuration`] where the URL is malformed; the message never repeats it, for it holds the
    /// password.
    pub fn parse(url: &str, service: &str) -> Result<Self, WarehouseError> {
        // The driver knows no `verify-full`; its `require` with our connector is that.
        let url = url.replace("sslmode=verify-full", "sslmode=require");
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            WarehouseError::Configuration(format!(
                "DATABASE_URL is malformed ({}): it should look like \
                 postgres://user:password@localhost:5432/assay",
                describe(&error)
            ))
        })?;
        if config.get_hosts().is_empty() || config.get_user().is_none() {
            return Err(WarehouseError::Configuration(
                "DATABASE_URL names no host or no user: it should look like \
                 postgres://user:password@localhost:5432/assay"
                    .into(),
            ));
        }
        config.application_name(service);
        config.connect_timeout(CONNECT_TIMEOUT);
        config.keepalives_idle(Duration::from_secs(30));
        Ok(DatabaseSettings {
            config,
            certificate_authority: None,
            statement_timeout: Duration::from_secs(60),
            is_hot_path: false,
        })
    }

    /// Takes the password from elsewhere than the URL, so that it needs no percent-encoding and can be a file of its own.
    ///
    /// # Errors
    /// [`WarehouseError::Configuration`] where the URL holds one too.
    pub fn with_password(mut self, password: &str) -> Result<Self, WarehouseError> {
        if self.config.get_password().is_some() {
            return Err(WarehouseError::Configuration(
                "DATABASE_URL holds a password and DATABASE_PASSWORD (or DATABASE_PASSWORD_FILE) gives another: remove \
                 one of them"
                    .into(),
            ));
        }
        self.config.password(password);
        Ok(self)
    }

    /// Verifies TLS against the authorities in this PEM file instead of the system's.
    pub fn with_certificate_authority(mut self, file: Option<PathBuf>) -> Self {
        self.certificate_authority = file;
        self
    }

    /// Bounds every statement, 60 s unless told; zero is no bound, for verification and rebuilds.
    pub fn with_statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// For the stages of the pipeline: never plan a scan of a whole fact table, however small it is when the plan is
    /// made, since its cost would grow with history.
    pub fn for_hot_path(mut self) -> Self {
        self.is_hot_path = true;
        self
    }

    /// Host, port, database and user, without the password: for messages.
    pub fn target(&self) -> String {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            None => "?".into(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let database = self.config.get_dbname().unwrap_or("postgres");
        let user = self.config.get_user().unwrap_or("?");
        format!("{host}:{port}/{database} as {user}")
    }

    pub(crate) fn config_with_limits(&self) -> Config {
        let mut config = self.config.clone();
        let own = config.get_options().unwrap_or_default().to_owned();
        config.options(format!(
            "{own} -c timezone=UTC -c jit=off -c random_page_cost=1.1 -c work_mem=32MB \
             -c statement_timeout={} -c lock_timeout=15000 -c idle_in_transaction_session_timeout=60000{}",
            self.statement_timeout.as_millis(),
            if self.is_hot_path { " -c enable_seqscan=off" } else { "" },
        ));
        config
    }

    pub(crate) fn needs_tls(&self) -> bool {
        match self.config.get_ssl_mode() {
            SslMode::Disable => false,
            SslMode::Prefer => !self.is_this_machine(),
            _ => true,
        }
    }

    pub(crate) fn tls_connector(
        &self,
    ) -> Result<tokio_postgres_rustls::MakeRustlsConnect, WarehouseError> {
        verifying_connector(self.certificate_authority.as_deref())
    }

    fn is_this_machine(&self) -> bool {
        self.config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => {
                name == "localhost"
                    || name
                        .parse::<std::net::IpAddr>()
                        .is_ok_and(|address| address.is_loopback())
            }
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
    }
}

/// A bounded pool of connections to the warehouse. Cheap to clone.
#[derive(Clone)]
pub struct Warehouse {
    pool: Pool,
    settings: DatabaseSettings,
    layers: Layers,
}

impl Warehouse {
    /// A pool of at most `connections`; none is opened yet.
    ///
    /// # Errors
    /// [`WarehouseError::Configuration`] where TLS is needed and cannot be set up.
    pub fn new(settings: DatabaseSettings, connections: usize) -> Result<Self, WarehouseError> {
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let config = settings.config_with_limits();
        let manager = if settings.needs_tls() {
            Manager::from_config(config, settings.tls_connector()?, recycling)
        } else {
            Manager::from_config(config, NoTls, recycling)
        };
        let pool = Pool::builder(manager)
            .max_size(connections.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(POOL_WAIT_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(CONNECT_TIMEOUT))
            .build()
            .map_err(|error| WarehouseError::Configuration(error.to_string()))?;
        Ok(Warehouse {
            pool,
            settings,
            layers: Layers::Live,
        })
    }

    /// The same pool, with sessions that mean other tables by the same statements.
    pub fn on(mut self, layers: Layers) -> Self {
        self.layers = layers;
        self
    }

    /// A session of one's own until it is dropped or released.
    ///
    /// # Errors
    /// [`ErrorClass::Configuration`] for a wrong password, user or database; [`ErrorClass::Retry`] otherwise.
    pub async fn connect(&self) -> Result<Session, WarehouseError> {
        match self.pool.get().await {
            Ok(client) => Ok(Session {
                client: Some(client),
                layers: self.layers,
            }),
            Err(PoolError::Backend(error)) => Err(self.explain(&error)),
            Err(PoolError::Timeout(TimeoutType::Wait)) => {
                Err(self
                    .unreachable("all connections of the pool are in use for too long".to_owned()))
            }
            Err(PoolError::Timeout(_)) => {
                Err(self.unreachable(format!("no answer within {CONNECT_TIMEOUT:?}")))
            }
            Err(other) => Err(self.unreachable(other.to_string())),
        }
    }

    /// The settings that the pool was made from.
    pub fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    fn explain(&self, error: &tokio_postgres::Error) -> WarehouseError {
        explain_connect(&self.settings, error)
    }

    fn unreachable(&self, cause: String) -> WarehouseError {
        WarehouseError::Unreachable {
            target: format!("PostgreSQL at {}", self.settings.target()),
            cause,
        }
    }
}

pub(crate) fn explain_connect(
    settings: &DatabaseSettings,
    error: &tokio_postgres::Error,
) -> WarehouseError {
    match classify(error) {
        ErrorClass::Configuration => WarehouseError::Configuration(format!(
            "PostgreSQL at {} refuses: {}",
            settings.target(),
            describe(error)
        )),
        _ => WarehouseError::Unreachable {
            target: format!("PostgreSQL at {}", settings.target()),
            cause: describe(error),
        },
    }
}

/// A connection in use.
///
/// It goes back to the pool only through [`Session::release`], which says that all went well. Dropped in any other way,
/// after an error, a timeout or a cancelled future, it is closed: the pool would hand on an open transaction or a
/// running query without noticing.
pub struct Session {
    client: Option<Object>,
    layers: Layers,
}

impl Session {
    /// Which tables the statements of this session mean.
    pub fn layers(&self) -> Layers {
        self.layers
    }

    /// Gives the connection back for others to use. Call it only after everything on it has succeeded.
    pub fn release(mut self) {
        drop(self.client.take());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

impl Deref for Session {
    type Target = deadpool_postgres::ClientWrapper;
    #[allow(clippy::expect_used)] // only `release` and `drop`, which consume the session, take the client out
    fn deref(&self) -> &Self::Target {
        self.client.as_ref().expect("a session holds its client")
    }
}

impl DerefMut for Session {
    #[allow(clippy::expect_used)] // as above
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.client.as_mut().expect("a session holds its client")
    }
}

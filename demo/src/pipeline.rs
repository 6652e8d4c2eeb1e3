//! A migrated warehouse and a topic on a running stack, with the environment that each service needs.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use local_stack::Stack;

use crate::fleet::{Fleet, Service};

/// The services' roles in the warehouse, and the variable that `transformer migrate` takes each password from.
const ROLES: [(&str, &str); 4] = [
    ("bronze_writer", "BRONZE_WRITER_PASSWORD"),
    ("transformer", "TRANSFORMER_PASSWORD"),
    ("dashboard_reader", "DASHBOARD_READER_PASSWORD"),
    ("console", "CONSOLE_PASSWORD"),
];

/// The services of one pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {
    fleet: Fleet,
    owner_url: String,
    /// The password of all service roles; absent where the user brought a database, which is then used as it is.
    role_password: Option<String>,
    kafka_bootstrap_servers: String,
    topic: String,
}

impl Pipeline {
    /// Migrates the stack's database and names the topic. Logs go to `logs`.
    ///
    /// # Errors
    /// Where the migration fails.
    pub fn prepare(stack: &Stack, topic: &str, logs: PathBuf) -> Result<Pipeline> {
        Pipeline::prepare_on(stack, stack.migrator_url(), topic, logs)
    }

    /// The same in another database of the stack.
    ///
    /// # Errors
    /// Where the migration fails.
    pub fn prepare_on(
        stack: &Stack,
        owner_url: &str,
        topic: &str,
        logs: PathBuf,
    ) -> Result<Pipeline> {
        let is_users_own =
            stack.postgres_pid().is_none() && std::env::var_os("ASSAY_STACK").is_none();
        let pipeline = Pipeline {
            fleet: Fleet::new(logs)?,
            owner_url: owner_url.to_owned(),
            role_password: if is_users_own {
                None
            } else {
                Some(role_password(owner_url)?)
            },
            kafka_bootstrap_servers: stack.kafka_bootstrap_servers().to_owned(),
            topic: topic.to_owned(),
        };
        pipeline.migrate()?;
        Ok(pipeline)
    }

    fn migrate(&self) -> Result<()> {
        let mut environment = vec![("DATABASE_URL".to_owned(), self.owner_url.clone())];
        if let Some(password) = &self.role_password {
            environment.extend(ROLES.map(|(_, variable)| (variable.to_owned(), password.clone())));
        }
        let mut migration =
            self.fleet
                .spawn("transformer", "migrate", &["migrate"], &environment)?;
        let status = migration.wait(Duration::from_secs(120))?;
        if !status.success() {
            bail!("migrating the warehouse failed: {}", migration.log()?);
        }
        Ok(())
    }

    /// Starts `consumer`, `transformer`, `console` or `producer`; `name` tells several of a kind apart.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(&self, service: &str, name: &str, arguments: &[&str]) -> Result<Service> {
        self.start_with(service, name, arguments, &[])
    }

    /// The same with more environment.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start_with(
        &self,
        service: &str,
        name: &str,
        arguments: &[&str],
        more: &[(&str, &str)],
    ) -> Result<Service> {
        let mut environment = vec![
            (
                "KAFKA_BOOTSTRAP_SERVERS".to_owned(),
                self.kafka_bootstrap_servers.clone(),
            ),
            ("KAFKA_TOPIC".to_owned(), self.topic.clone()),
        ];
        let role = match service {
            "consumer" => Some("bronze_writer"),
            "transformer" => Some("transformer"),
            "console" => Some("dashboard_reader"),
            _ => None,
        };
        if let Some(role) = role {
            environment.push(("DATABASE_URL".to_owned(), self.url_of(role)?));
        }
        if service == "transformer" {
            // So that a rebuild can be asked for through the console.
            environment.push(("OWNER_DATABASE_URL".to_owned(), self.owner_url.clone()));
        }
        if service == "console" {
            environment.push(("CONSOLE_DATABASE_URL".to_owned(), self.url_of("console")?));
        }
        environment.extend(
            more.iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
        );
        self.fleet.spawn(service, name, arguments, &environment)
    }

    /// The URL by which a role reaches the warehouse. Holds a password.
    ///
    /// # Errors
    /// Where the owner's URL names no user.
    pub fn url_of(&self, role: &str) -> Result<String> {
        let Some(password) = &self.role_password else {
            return Ok(self.owner_url.clone());
        };
        let (_, host_and_database) = self
            .owner_url
            .split_once('@')
            .context("the database's URL names no user")?;
        Ok(format!(
            "postgresql://{role}:{password}@{host_and_database}"
        ))
    }

    /// The topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Kafka's address.
    pub fn kafka_bootstrap_servers(&self) -> &str {
        &self.kafka_bootstrap_servers
    }

    /// The processes' home.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }
}

/// The roles of a stack of our own share the random password of its owner: they are one person's.
fn role_password(owner_url: &str) -> Result<String> {
    let password = owner_url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'))
        .and_then(|(user, _)| user.split_once(':'))
        .map(|(_, password)| password.to_owned());
    password.context("the stack's database URL holds no password")
}

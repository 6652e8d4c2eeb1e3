//! For tests on the real thing: one stack for the whole test run, a database and a topic of its own for each test.
//!
//! These functions panic where they fail, as is right for tests and for nothing else.
//!
//! ```no_run
//! # async fn example() {
//! let database = local_stack::testing::fresh_database("ingest");
//! let topic = local_stack::testing::fresh_topic(6);
//! let servers = local_stack::testing::shared().kafka_bootstrap_servers();
//! # }
//! ```

use std::sync::OnceLock;
use std::time::Duration;

use crate::error::StackError;
use crate::options::StackOptions;
use crate::stack::Stack;
use crate::{kafka, secret, sql};

const STATEMENT_LONGEST: Duration = Duration::from_secs(60);

/// PostgreSQL cuts longer names off.
const LONGEST_HINT: usize = 40;

/// The stack that all tests of this process share: that of a surrounding `local-stack run`, or services that the
/// environment names otherwise, or else one that is started now, and stopped when the process ends.
///
/// Not to be stopped, paused or killed: tests that do so start a [`StackOptions::private`] stack.
///
/// # Panics
/// When it cannot be started; the message says why.
#[expect(clippy::panic, reason = "a test without its services has failed")]
pub fn shared() -> &'static Stack {
    static SHARED: OnceLock<Stack> = OnceLock::new();
    SHARED.get_or_init(|| {
        let options = StackOptions {
            use_environment: true,
            ..StackOptions::private()
        };
        Stack::start(options).unwrap_or_else(|error| panic!("no stack to test with: {error}"))
    })
}

/// A new, empty database of the [`shared`] stack, owned by the role `migrator` where that exists.
///
/// # Panics
/// When it cannot be created.
pub fn fresh_database(name_hint: &str) -> TestDatabase {
    succeeded(shared().fresh_database(name_hint))
}

/// A copy of a database of the [`shared`] stack, to which nobody may be connected meanwhile.
///
/// # Panics
/// When it cannot be created.
pub fn fresh_database_from(template: &TestDatabase) -> TestDatabase {
    succeeded(shared().fresh_database_from(template))
}

/// The name of a new topic of the [`shared`] stack.
///
/// # Panics
/// When it cannot be created.
pub fn fresh_topic(partitions: i32) -> String {
    succeeded(shared().fresh_topic(partitions))
}

#[expect(clippy::panic, reason = "a test without its services has failed")]
fn succeeded<T>(result: Result<T, StackError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// A database for one test, dropped with this value. Best effort: a stack that is gone took it along.
pub struct TestDatabase {
    /// Its name, unique in the cluster.
    pub name: String,
    /// As superuser. Holds a password.
    pub superuser_url: String,
    /// As its owner, the role `migrator`. Holds a password.
    pub migrator_url: String,
    administration_url: String,
}

impl std::fmt::Debug for TestDatabase {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "TestDatabase({})", self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        const LONGEST: Duration = Duration::from_secs(10);
        let statement = format!(
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            sql::identifier(&self.name)
        );
        if let Err(reason) = sql::execute(&self.administration_url, LONGEST, &[statement]) {
            tracing::debug!(
                database = self.name,
                reason,
                "a test's database was not dropped"
            );
        }
    }
}

impl Stack {
    /// A new, empty database, owned by the role `migrator` where that exists. The hint becomes part of its name.
    ///
    /// # Errors
    /// When PostgreSQL refuses or cannot be reached.
    pub fn fresh_database(&self, name_hint: &str) -> Result<TestDatabase, StackError> {
        self.create_database(name_hint, None)
    }

    /// A copy of a database of this stack, to which nobody may be connected meanwhile.
    ///
    /// # Errors
    /// When PostgreSQL refuses or cannot be reached.
    pub fn fresh_database_from(&self, template: &TestDatabase) -> Result<TestDatabase, StackError> {
        self.create_database(&template.name, Some(&template.name))
    }

    /// Creates a topic with a name of its own, and waits until its partitions can be used.
    ///
    /// # Errors
    /// When Kafka refuses or cannot be reached.
    pub fn fresh_topic(&self, partitions: i32) -> Result<String, StackError> {
        let name = format!("test-{}", unique()?);
        kafka::client::create_topic(self.kafka_bootstrap_servers(), &name, partitions).map_err(
            |reason| StackError::Unreachable {
                what: format!(
                    "Kafka at {} to create a topic",
                    self.kafka_bootstrap_servers()
                ),
                reason,
                remedy: "The broker's log tells more".to_owned(),
            },
        )?;
        Ok(name)
    }

    fn create_database(
        &self,
        hint: &str,
        template: Option<&str>,
    ) -> Result<TestDatabase, StackError> {
        let name = format!("{}_{}", readable(hint), unique()?);
        let refused = |reason| StackError::Database {
            action: format!("create the database {name}"),
            reason,
        };
        let url = self.superuser_url();
        let role_exists = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";
        let mut statement = format!("CREATE DATABASE {}", sql::identifier(&name));
        if sql::holds(url, STATEMENT_LONGEST, role_exists, "migrator").map_err(refused)? {
            statement.push_str(" OWNER migrator");
        }
        if let Some(template) = template {
            statement = format!("{statement} TEMPLATE {}", sql::identifier(template));
        }
        sql::execute(url, STATEMENT_LONGEST, &[statement]).map_err(refused)?;
        Ok(TestDatabase {
            superuser_url: sql::with_database(url, &name),
            migrator_url: sql::with_database(self.migrator_url(), &name),
            administration_url: url.to_owned(),
            name,
        })
    }
}

/// Letters, digits and underscores of a hint, none of an earlier unique part.
fn readable(hint: &str) -> String {
    let base = hint
        .rsplit_once('_')
        .filter(|(_, tail)| is_unique_part(tail))
        .map_or(hint, |(base, _)| base);
    let readable: String = base
        .chars()
        .map(|symbol| {
            if symbol.is_ascii_alphanumeric() {
                symbol.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .take(LONGEST_HINT)
        .collect();
    if readable.is_empty() {
        "test".to_owned()
    } else {
        readable
    }
}

const UNIQUE_DIGITS: usize = 12;

fn is_unique_part(text: &str) -> bool {
    text.len() == UNIQUE_DIGITS && text.chars().all(|symbol| symbol.is_ascii_hexdigit())
}

fn unique() -> Result<String, StackError> {
    Ok(secret::random_hex()?.chars().take(UNIQUE_DIGITS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_become_names_of_bounded_length() {
        assert_eq!(readable("Lost COMMIT!"), "lost_commit_");
        assert_eq!(readable(""), "test");
        assert_eq!(readable("template_0123456789ab"), "template");
        assert_eq!(readable(&"x".repeat(100)).len(), LONGEST_HINT);
        assert_eq!(unique().unwrap().len(), UNIQUE_DIGITS);
    }
}

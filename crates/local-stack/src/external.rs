use std::time::Duration;

use crate::error::StackError;
use crate::{kafka, sql};

/// Services that the environment names: used as they are, never started, stopped or written to by the stack itself.
///
/// - `ASSAY_SUPERUSER_URL` and `ASSAY_MIGRATOR_URL`, as `local-stack run` sets them for its command; or `DATABASE_URL`,
///   which then stands for both.
/// - `KAFKA_BOOTSTRAP_SERVERS`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct External {
    pub(crate) postgres: Option<Urls>,
    pub(crate) kafka: Option<String>,
}

/// Connection URLs of one database for its two roles. They hold passwords: never log them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Urls {
    pub(crate) superuser: String,
    pub(crate) migrator: String,
}

impl std::fmt::Debug for Urls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Urls({})", sql::address(&self.superuser))
    }
}

/// What somebody else runs is up already: no time for a start is allowed for.
const SIGN_OF_LIFE_LONGEST: Duration = Duration::from_secs(10);

/// Says that the variables were set by a surrounding `local-stack run`.
pub(crate) const MARKER: &str = "ASSAY_STACK";

impl External {
    /// What the process's environment names.
    pub fn from_environment() -> External {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> External {
        let named = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        // DATABASE_URL is for everybody; inside `local-stack run`, the surrounding stack's own roles come first.
        let surrounded = named(MARKER).is_some();
        let (superuser, migrator) = (named("ASSAY_SUPERUSER_URL"), named("ASSAY_MIGRATOR_URL"));
        let postgres = match (named("DATABASE_URL"), superuser) {
            (Some(url), superuser) if !surrounded => Some(Urls {
                superuser: superuser.unwrap_or_else(|| url.clone()),
                migrator: migrator.unwrap_or(url),
            }),
            (_, Some(superuser)) => Some(Urls {
                migrator: migrator.unwrap_or_else(|| superuser.clone()),
                superuser,
            }),
            (Some(url), None) => Some(Urls {
                superuser: url.clone(),
                migrator: url,
            }),
            (None, None) => None,
        };
        External {
            postgres,
            kafka: named("KAFKA_BOOTSTRAP_SERVERS"),
        }
    }

    /// Whether PostgreSQL is given.
    pub fn has_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    /// Whether Kafka is given.
    pub fn has_kafka(&self) -> bool {
        self.kafka.is_some()
    }

    /// Asks each given service for a sign of life.
    pub(crate) fn check(&self) -> Result<(), StackError> {
        let longest = SIGN_OF_LIFE_LONGEST;
        if let Some(urls) = &self.postgres {
            sql::check(&urls.superuser, longest).map_err(|reason| StackError::Unreachable {
                what: format!("PostgreSQL at {}", sql::address(&urls.superuser)),
                reason,
                remedy: "Correct DATABASE_URL, or unset it to have a PostgreSQL started".to_owned(),
            })?;
        }
        if let Some(servers) = &self.kafka {
            kafka::client::check(servers, longest).map_err(|reason| StackError::Unreachable {
                what: format!("Kafka at {servers}"),
                reason,
                remedy: "Correct KAFKA_BOOTSTRAP_SERVERS (host:port), or unset it to have a Kafka started".to_owned(),
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn external(variables: &[(&str, &str)]) -> External {
        External::from_lookup(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn urls(superuser: &str, migrator: &str) -> Option<Urls> {
        Some(Urls {
            superuser: superuser.to_owned(),
            migrator: migrator.to_owned(),
        })
    }

    #[test]
    fn nothing_named_nothing_used() {
        assert_eq!(external(&[]), External::default());
        assert_eq!(
            external(&[("DATABASE_URL", ""), ("KAFKA_BOOTSTRAP_SERVERS", " ")]),
            External::default(),
            "an empty variable is one that is not set"
        );
    }

    #[test]
    fn database_url_stands_for_both_roles() {
        assert_eq!(external(&[("DATABASE_URL", "d")]).postgres, urls("d", "d"));
        assert_eq!(
            external(&[("DATABASE_URL", "d"), ("ASSAY_SUPERUSER_URL", "s")]).postgres,
            urls("s", "d")
        );
    }

    #[test]
    fn a_surrounding_run_comes_before_database_url() {
        let inside = external(&[
            ("ASSAY_STACK", "external"),
            ("DATABASE_URL", "d"),
            ("ASSAY_SUPERUSER_URL", "s"),
            ("ASSAY_MIGRATOR_URL", "m"),
            ("KAFKA_BOOTSTRAP_SERVERS", "k:1"),
        ]);
        assert_eq!(inside.postgres, urls("s", "m"));
        assert_eq!(inside.kafka.as_deref(), Some("k:1"));
    }

    #[test]
    fn debug_output_holds_no_password() {
        let external = external(&[("DATABASE_URL", "postgres://u:hidden@h:1/d")]);
        assert!(!format!("{external:?}").contains("hidden"));
    }
}

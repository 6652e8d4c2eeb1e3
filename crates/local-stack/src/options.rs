use std::path::PathBuf;
use std::time::Duration;

use crate::progress::Progress;

/// How a stack is to be started. Begin with [`StackOptions::named`] or [`StackOptions::private`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StackOptions {
    /// 1 to 40 of `a-z`, `0-9` and `-`. One stack of a name can run in one state directory.
    pub name: String,
    /// The directory that holds the stacks' state, one subdirectory each. Absent: `ASSAY_HOME`, else `.assay` in the
    /// checkout.
    pub home: Option<PathBuf>,
    /// Whether PostgreSQL and Kafka that the environment names are used instead of started; see [`crate::External`].
    pub use_environment: bool,
    /// What becomes of the data when the stack stops.
    pub data: DataPolicy,
    /// Settings for `postgresql.conf` that override the stack's own, as name and unquoted value.
    pub postgres_settings: Vec<(String, String)>,
    /// Properties of the broker that override the stack's own.
    pub kafka_settings: Vec<(String, String)>,
    /// Options for the broker's JVM, after the stack's own (the last one counts), e.g. `-Xmx1g`.
    pub kafka_java_options: Vec<String>,
    /// How long each server may take until it is ready.
    pub start_timeout: Duration,
    /// Where the steps are shown.
    pub progress: Progress,
    /// Whether the state lies in a new temporary directory instead of `home`.
    pub(crate) temporary: bool,
}

/// What becomes of a stack's data when it stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataPolicy {
    /// It stays, and the next start of that name goes on with it.
    Keep,
    /// It is removed. Data that an earlier start was to keep is never removed: then this start keeps it, too.
    Discard,
}

impl StackOptions {
    /// A stack whose data is kept, with the services of the environment where it names some.
    pub fn named(name: impl Into<String>) -> StackOptions {
        StackOptions {
            name: name.into(),
            home: None,
            use_environment: true,
            data: DataPolicy::Keep,
            postgres_settings: Vec::new(),
            kafka_settings: Vec::new(),
            kafka_java_options: java_options_of_the_environment(),
            start_timeout: Duration::from_secs(120),
            progress: Progress::Silent,
            temporary: false,
        }
    }

    /// A stack of one's own whatever the environment says, in a new temporary directory that is removed at the end.
    /// For tests that stop, pause and kill its servers.
    pub fn private() -> StackOptions {
        StackOptions {
            use_environment: false,
            data: DataPolicy::Discard,
            temporary: true,
            ..StackOptions::named("private")
        }
    }
}

/// `ASSAY_KAFKA_JAVA_OPTIONS`, e.g. `-Xmx1g`, separated by spaces.
fn java_options_of_the_environment() -> Vec<String> {
    let options = std::env::var("ASSAY_KAFKA_JAVA_OPTIONS").unwrap_or_default();
    options.split_whitespace().map(str::to_owned).collect()
}

//! Why a service ended, sorted by who has to act: each kind has its own exit code, so that a supervisor or a script can
//! tell a typing error from a database that is away.

use thiserror::Error;

/// What a service, or one of its tasks, ends with.
pub type Outcome = Result<(), Failure>;

/// Why a service ended. The text says what failed, why, and what to do now; it never holds a secret.
#[derive(Debug, Error)]
pub enum Failure {
    /// The command line is wrong. Exit code 2.
    #[error("{0}")]
    Usage(String),
    /// A setting, an address, a user or a password is wrong; waiting will not help. Exit code 3.
    #[error("{0}")]
    Configuration(String),
    /// Kafka, PostgreSQL or another service stayed away for longer than it was waited for. Exit code 4.
    #[error("{0}")]
    Unreachable(String),
    /// The data is not what it must be: going on would lose, double or make up something. Exit code 5.
    #[error("{0}")]
    DataNotInOrder(String),
    /// Somebody asked for the end before the work was done. Exit code 130.
    #[error("interrupted")]
    Interrupted,
    /// Something that should not happen: a bug, or a machine that is out of resources. Exit code 1.
    #[error("{0:#}")]
    Internal(anyhow::Error),
}

impl Failure {
    /// The exit code that this failure ends the process with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Internal(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Configuration(_) => 3,
            Failure::Unreachable(_) => 4,
            Failure::DataNotInOrder(_) => 5,
            Failure::Interrupted => 130,
        }
    }

    /// The failure as one line of text, whatever line breaks a library put into its message.
    pub fn to_line(&self) -> String {
        let text = self.to_string();
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ")
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        // A failure that travelled through an anyhow::Error keeps its kind, else its exit code would be lost on the way.
        match error.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(error) => Failure::Internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn every_kind_has_its_documented_exit_code() {
        let text = String::from("x");
        assert_eq!(Failure::Internal(anyhow!("x")).exit_code(), 1);
        assert_eq!(Failure::Usage(text.clone()).exit_code(), 2);
        assert_eq!(Failure::Configuration(text.clone()).exit_code(), 3);
        assert_eq!(Failure::Unreachable(text.clone()).exit_code(), 4);
        assert_eq!(Failure::DataNotInOrder(text).exit_code(), 5);
        assert_eq!(Failure::Interrupted.exit_code(), 130);
    }

    #[test]
    fn an_internal_failure_shows_the_whole_chain_on_one_line() {
        let error = anyhow!("disk\nfull").context("cannot write the file");
        assert_eq!(
            Failure::from(error).to_line(),
            "cannot write the file: disk full"
        );
    }

    #[test]
    fn a_failure_keeps_its_kind_through_anyhow() {
        let wrapped = anyhow::Error::from(Failure::Configuration("bad".into()));
        assert_eq!(Failure::from(wrapped).exit_code(), 3);

        let with_context: anyhow::Result<()> =
            Err(Failure::Unreachable("away".into())).context("while starting");
        assert_eq!(Failure::from(with_context.unwrap_err()).exit_code(), 4);
    }
}

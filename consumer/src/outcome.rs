//! How a session, one membership in the consumer group, ends: for good, with a failure, or to be begun again.

use std::fmt;

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use service_kit::Failure;
use warehouse::{ErrorClass, WarehouseError};

use crate::suspicion::Sign;

/// How a session ends.
#[derive(Debug)]
pub enum SessionEnd {
    /// There is nothing more to do, or nobody wants more.
    Finished,
    /// Leave the group, join again, and go on from where PostgreSQL says that bronze stands.
    Again(Again),
    /// The service cannot go on.
    Failed(Failure),
}

/// Why a session is begun again. Beginning again is always safe: nothing is known that PostgreSQL does not know.
#[derive(Debug)]
pub enum Again {
    /// Something looks wrong with the log; a second look decides.
    Suspicious {
        /// What looks wrong.
        sign: Sign,
        /// In which partition.
        partition: i32,
        /// At which offset.
        offset: i64,
    },
    /// The topic has another id than when the session began.
    TopicRecreated,
    /// The topic is gone.
    TopicMissing,
    /// Another consumer has claimed a partition of ours.
    Fenced(String),
    /// Kafka, or its client, did something that the session cannot go on after.
    Kafka(String),
    /// PostgreSQL stayed away for longer than the group waits.
    Database(String),
}

impl fmt::Display for Again {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Again::Suspicious {
                sign,
                partition,
                offset,
            } => write!(formatter, "{sign} (partition {partition}, offset {offset})"),
            Again::TopicRecreated => formatter.write_str("the topic was created again"),
            Again::TopicMissing => formatter.write_str("the topic is gone"),
            Again::Fenced(why) | Again::Kafka(why) | Again::Database(why) => {
                formatter.write_str(why)
            }
        }
    }
}

impl From<Failure> for SessionEnd {
    fn from(failure: Failure) -> Self {
        SessionEnd::Failed(failure)
    }
}

/// What an error of the warehouse means for a session that cannot wait for PostgreSQL.
pub fn end_by_warehouse(error: WarehouseError) -> SessionEnd {
    match error.class() {
        ErrorClass::Retry => SessionEnd::Again(Again::Database(error.to_string())),
        ErrorClass::Fenced => SessionEnd::Again(Again::Fenced(error.to_string())),
        ErrorClass::Configuration | ErrorClass::Refused | ErrorClass::Stop => {
            SessionEnd::Failed(error.into())
        }
    }
}

/// The code of a client error, where it has one.
pub fn code_of(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    error.rdkafka_error_code()
}

/// The failure that an error of the Kafka client amounts to where waiting cannot help: a wrong password or missing rights.
pub fn configuration_failure(code: RDKafkaErrorCode, reason: &str) -> Option<Failure> {
    let advice = match code {
        RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed => {
            "check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM"
        }
        RDKafkaErrorCode::TopicAuthorizationFailed => {
            "allow this user to read and describe the topic"
        }
        RDKafkaErrorCode::GroupAuthorizationFailed => "allow this user to use the consumer group",
        RDKafkaErrorCode::ClusterAuthorizationFailed => "allow this user to use the cluster",
        _ => return None,
    };
    Some(Failure::Configuration(format!(
        "Kafka refuses: {reason}: {advice}"
    )))
}

/// How the session ends by an error that polling answered; nothing where the client gets over it by itself. `unreadable`
/// tells where the session stands.
pub fn end_by_client_error(
    error: &KafkaError,
    unreadable: impl FnOnce() -> Again,
) -> Option<SessionEnd> {
    let Some(code) = code_of(error) else {
        return Some(SessionEnd::Again(Again::Kafka(error.to_string())));
    };
    match code {
        // The client reconnects by itself.
        RDKafkaErrorCode::AllBrokersDown
        | RDKafkaErrorCode::BrokerTransportFailure
        | RDKafkaErrorCode::Resolve
        | RDKafkaErrorCode::OperationTimedOut
        | RDKafkaErrorCode::CoordinatorLoadInProgress
        | RDKafkaErrorCode::CoordinatorNotAvailable
        | RDKafkaErrorCode::NotCoordinator
        | RDKafkaErrorCode::LeaderNotAvailable => None,
        // The client skips what it cannot read, which must not become a gap.
        RDKafkaErrorCode::BadMessage
        | RDKafkaErrorCode::NotImplemented
        | RDKafkaErrorCode::BadCompression => {
            tracing::error!(%error, "a record batch cannot be read");
            Some(SessionEnd::Again(unreadable()))
        }
        RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
            Some(SessionEnd::Again(Again::TopicMissing))
        }
        _ => Some(match configuration_failure(code, &error.to_string()) {
            Some(failure) => failure.into(),
            // An offset out of range, among others: the next session compares the log with bronze.
            None => SessionEnd::Again(Again::Kafka(error.to_string())),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_waiting_cannot_heal_is_a_matter_of_configuration() {
        let refused =
            configuration_failure(RDKafkaErrorCode::Authentication, "bad password").unwrap();
        assert_eq!(refused.exit_code(), 3);
        assert!(refused.to_string().contains("KAFKA_SASL_PASSWORD"));
        assert!(configuration_failure(RDKafkaErrorCode::AllBrokersDown, "x").is_none());
        assert!(configuration_failure(RDKafkaErrorCode::BrokerTransportFailure, "x").is_none());
    }

    #[test]
    fn what_the_client_cannot_read_is_never_passed_over() {
        let place = || Again::Suspicious {
            sign: Sign::Unreadable,
            partition: -1,
            offset: 7,
        };
        let end_by = |code| end_by_client_error(&KafkaError::MessageConsumption(code), place);
        assert!(end_by(RDKafkaErrorCode::BrokerTransportFailure).is_none());
        assert!(matches!(
            end_by(RDKafkaErrorCode::BadMessage),
            Some(SessionEnd::Again(Again::Suspicious {
                sign: Sign::Unreadable,
                ..
            }))
        ));
        assert!(matches!(
            end_by(RDKafkaErrorCode::UnknownTopicOrPartition),
            Some(SessionEnd::Again(Again::TopicMissing))
        ));
        assert!(matches!(
            end_by(RDKafkaErrorCode::AutoOffsetReset),
            Some(SessionEnd::Again(Again::Kafka(_)))
        ));
        let Some(SessionEnd::Failed(failure)) = end_by(RDKafkaErrorCode::TopicAuthorizationFailed)
        else {
            panic!("a missing right must end the service");
        };
        assert_eq!(failure.exit_code(), 3);
    }

    #[test]
    fn a_writer_that_was_fenced_begins_again_and_a_wrong_setting_ends_it() {
        let fenced = WarehouseError::Fenced("partition 1".into());
        assert!(matches!(
            end_by_warehouse(fenced),
            SessionEnd::Again(Again::Fenced(_))
        ));
        let wrong = WarehouseError::Configuration("no such role".into());
        let SessionEnd::Failed(failure) = end_by_warehouse(wrong) else {
            panic!("a wrong setting must end the service");
        };
        assert_eq!(failure.exit_code(), 3);
    }
}

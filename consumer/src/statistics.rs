//! What the Kafka client reports about itself once a second: the ends of the partitions' logs, and whether any broker
//! answers. Only the fields that are needed, so that a new version of the client cannot break the rest.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

/// A report, reduced to what the consumer needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The offset after the last record that can be read, by partition, where the broker has told it.
    pub log_ends: BTreeMap<i32, i64>,
    /// Whether a connection to a broker is up.
    pub is_connected: bool,
}

#[derive(Deserialize)]
struct Statistics {
    #[serde(default)]
    brokers: HashMap<String, Broker>,
    #[serde(default)]
    topics: HashMap<String, Topic>,
}

#[derive(Deserialize)]
struct Broker {
    state: String,
}

#[derive(Deserialize)]
struct Topic {
    partitions: HashMap<String, Partition>,
}

#[derive(Deserialize)]
struct Partition {
    partition: i32,
    ls_offset: i64,
}

impl Report {
    /// Reads the client's JSON.
    ///
    /// # Errors
    /// Where it is not of the known form.
    pub fn parse(json: &[u8], topic: &str) -> Result<Report, serde_json::Error> {
        let statistics: Statistics = serde_json::from_slice(json)?;
        let partitions = statistics
            .topics
            .get(topic)
            .map(|topic| topic.partitions.values());
        let log_ends = partitions
            .into_iter()
            .flatten()
            // Partition -1 is the client's own waiting room; a negative end is one that is not known yet.
            .filter(|partition| partition.partition >= 0 && partition.ls_offset >= 0)
            .map(|partition| (partition.partition, partition.ls_offset))
            .collect();
        Ok(Report {
            log_ends,
            is_connected: statistics
                .brokers
                .values()
                .any(|broker| broker.state == "UP"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_our_topic_and_the_state_of_the_connection() {
        let json = br#"{"name": "x", "brokers": {"a:1/1": {"state": "DOWN", "x": 1}, "b:1/2": {"state": "UP"}},
            "topics": {"shop": {"partitions": {
                "0": {"partition": 0, "ls_offset": 17, "hi_offset": 20},
                "1": {"partition": 1, "ls_offset": -1001},
                "-1": {"partition": -1, "ls_offset": 5}}},
              "other": {"partitions": {"7": {"partition": 7, "ls_offset": 9}}}}}"#;
        let report = Report::parse(json, "shop").unwrap();
        assert_eq!(report.log_ends, BTreeMap::from([(0, 17)]));
        assert!(report.is_connected);
    }

    #[test]
    fn no_topics_and_no_brokers_is_a_report_too() {
        let report = Report::parse(b"{}", "shop").unwrap();
        assert!(report.log_ends.is_empty());
        assert!(!report.is_connected);
        assert!(Report::parse(b"nonsense", "shop").is_err());
    }
}

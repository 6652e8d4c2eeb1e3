//! Apache Kafka: fetched once by Maven, run in KRaft mode as one JVM that is broker and controller.

mod broker;
pub(crate) mod client;
pub(crate) mod jars;
pub(crate) mod java;
mod settings;

pub(crate) use broker::KafkaBroker;

//! The broker's properties.

use std::fmt::Write;
use std::path::Path;

/// What the file depends on.
pub(crate) struct Facts<'a> {
    pub(crate) client_port: u16,
    pub(crate) controller_port: u16,
    pub(crate) data: &'a Path,
}

/// The whole of `server.properties`: one node, nothing replicated, nothing forgotten. `overrides` come last, and so
/// count.
pub(crate) fn properties(facts: &Facts<'_>, overrides: &[(String, String)]) -> String {
    let Facts {
        client_port,
        controller_port,
        data,
    } = facts;
    let settings = [
        ("process.roles", "broker,controller".to_owned()),
        ("node.id", "1".to_owned()),
        (
            "controller.quorum.voters",
            format!("1@127.0.0.1:{controller_port}"),
        ),
        (
            "listeners",
            format!("CLIENTS://127.0.0.1:{client_port},CONTROLLER://127.0.0.1:{controller_port}"),
        ),
        (
            "advertised.listeners",
            format!("CLIENTS://127.0.0.1:{client_port}"),
        ),
        (
            "listener.security.protocol.map",
            "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned(),
        ),
        ("inter.broker.listener.name", "CLIENTS".to_owned()),
        ("controller.listener.names", "CONTROLLER".to_owned()),
        ("log.dirs", data.display().to_string()),
        ("num.partitions", "6".to_owned()),
        ("default.replication.factor", "1".to_owned()),
        ("min.insync.replicas", "1".to_owned()),
        ("offsets.topic.replication.factor", "1".to_owned()),
        ("offsets.topic.num.partitions", "4".to_owned()),
        ("transaction.state.log.replication.factor", "1".to_owned()),
        ("transaction.state.log.min.isr", "1".to_owned()),
        ("transaction.state.log.num.partitions", "4".to_owned()),
        (
            "share.coordinator.state.topic.replication.factor",
            "1".to_owned(),
        ),
        ("share.coordinator.state.topic.min.isr", "1".to_owned()),
        ("group.initial.rebalance.delay.ms", "0".to_owned()),
        ("auto.create.topics.enable", "false".to_owned()),
        ("log.retention.ms", "-1".to_owned()),
        ("message.max.bytes", (2 * 1024 * 1024).to_string()),
        // Taken from the heap at once; its default is 128 MiB.
        (
            "log.cleaner.dedupe.buffer.size",
            (16 * 1024 * 1024).to_string(),
        ),
        ("num.io.threads", "4".to_owned()),
        ("num.network.threads", "2".to_owned()),
    ];
    let overrides = overrides
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    let mut text =
        String::from("# Written anew at every start of the stack: changes made here are lost.\n");
    for (name, value) in settings.into_iter().chain(overrides) {
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{name}={}", escaped(&value));
    }
    text
}

/// In a properties file the backslash escapes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_overrides_end_up_in_the_file() {
        let facts = Facts {
            client_port: 1111,
            controller_port: 2222,
            data: Path::new("/d\\e"),
        };
        let text = properties(&facts, &[("num.partitions".to_owned(), "3".to_owned())]);
        assert!(text.contains("listeners=CLIENTS://127.0.0.1:1111,CONTROLLER://127.0.0.1:2222\n"));
        assert!(text.contains("controller.quorum.voters=1@127.0.0.1:2222\n"));
        assert!(text.contains("log.dirs=/d\\\\e\n"));
        assert!(text.ends_with("num.partitions=3\n"));
    }
}

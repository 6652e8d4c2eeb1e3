//! The producer as a process, and a topic as it ended up in Kafka.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use event_contract::truth::{PayloadDigest, Truth};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// `producer` with these arguments, undisturbed by the settings of whoever runs the tests.
pub(crate) fn producer(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_producer"));
    for (name, _) in std::env::vars() {
        if ["PRODUCER_", "KAFKA_", "ASSAY_", "RUST_LOG"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    producer(args).output().expect("the producer starts")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A producer that goes on while the test does something to it.
pub(crate) struct Running {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(args: &[&str]) -> Running {
        let mut child = producer(args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the producer starts");
        let log = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let sink = log.clone();
        let reader = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = sink.lock().expect("no panic");
                log.push_str(&line);
                log.push('\n');
            }
        });
        Running {
            child,
            log,
            reader: Some(reader),
        }
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no panic").clone()
    }

    /// Waits until a text shows up on stderr.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.log().contains(text) {
            let ended = self.child.try_wait().expect("can be waited for");
            assert!(
                ended.is_none(),
                "ended with {ended:?} before it said `{text}`:\n{}",
                self.log()
            );
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "never said `{text}`:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        kill(Pid::from_raw(pid), signal).expect("the signal is sent");
    }

    /// Waits for the end; the exit code and all of stderr.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("can be waited for");
        self.reader.take().expect("once").join().expect("no panic");
        (status.code(), self.log())
    }
}

/// One record of a topic.
#[derive(PartialEq)]
pub(crate) struct Received {
    pub(crate) partition: i32,
    pub(crate) key: String,
    pub(crate) payload: Option<Vec<u8>>,
}

/// Everything that a topic holds, partition by partition in the order of the offsets.
pub(crate) fn read_topic(servers: &str, topic: &str) -> Vec<Received> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("group.id", "producer-tests")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer");
    let timeout = Duration::from_secs(30);
    let metadata = consumer
        .fetch_metadata(Some(topic), timeout)
        .expect("metadata");
    let partitions: Vec<i32> = metadata.topics()[0]
        .partitions()
        .iter()
        .map(|partition| partition.id())
        .collect();
    let mut assignment = TopicPartitionList::new();
    let mut expected = 0;
    for partition in partitions {
        let (low, high) = consumer
            .fetch_watermarks(topic, partition, timeout)
            .expect("watermarks");
        expected += usize::try_from(high - low).expect("a count");
        assignment
            .add_partition_offset(topic, partition, Offset::Beginning)
            .expect("an offset");
    }
    consumer.assign(&assignment).expect("an assignment");

    let mut received = Vec::with_capacity(expected);
    while received.len() < expected {
        let message = consumer
            .poll(timeout)
            .expect("a message in time")
            .expect("no error");
        received.push(Received {
            partition: message.partition(),
            key: String::from_utf8(message.key().expect("a key").to_vec()).expect("text"),
            payload: message.payload().map(<[u8]>::to_vec),
        });
    }
    received
}

pub(crate) fn digest_of(received: &[Received]) -> String {
    let mut digest = PayloadDigest::default();
    for record in received {
        digest.add(record.payload.as_deref().unwrap_or_default());
    }
    digest.to_hex()
}

pub(crate) fn read_truth(path: &std::path::Path) -> Truth {
    let text = std::fs::read_to_string(path).expect("a truth file");
    Truth::from_sealed_json(&text).expect("an unbroken seal")
}

//! The stream of the live status.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;

use crate::client::Console;
use crate::given::{one_text, warehouse};

struct Stream(Lines<BufReader<TcpStream>>);

impl Stream {
    async fn open(console: &Console) -> Stream {
        let mut stream = TcpStream::connect(console.address).await.unwrap();
        let request = format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", console.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        Stream(BufReader::new(stream).lines())
    }

    /// The next event's name and data.
    async fn next(&mut self) -> (String, Value) {
        let reading = async {
            let mut name = String::new();
            loop {
                let line = self
                    .0
                    .next_line()
                    .await
                    .unwrap()
                    .expect("the stream goes on");
                if let Some(event) = line.strip_prefix("event: ") {
                    name = event.to_owned();
                } else if let Some(data) = line.strip_prefix("data: ") {
                    return (name, serde_json::from_str(data).unwrap());
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reading)
            .await
            .expect("an event")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_hear_at_once_and_of_every_change() {
    let test = warehouse().await;
    let console = Console::open(&test).await;
    let mut first = Stream::open(&console).await;
    let (name, status) = first.next().await;
    assert_eq!(name, "status");
    assert_eq!(status["status"]["bronze"], 150);
    assert_eq!(status["status"]["judged"], 140);
    assert_eq!(status["status"]["kafka_records"], 170);
    assert_eq!(status["ledger"].as_array().unwrap().len(), 2);
    assert!(status["run"].is_null() && status["at"].is_string());

    let mut second = Stream::open(&console).await;
    assert_eq!(second.next().await.1["status"]["bronze"], 150);
    let change =
        "UPDATE ops.partitions SET next_offset = 51, record_count = 51 WHERE kafka_partition = 1";
    test.inspector().await.batch_execute(change).await.unwrap();
    for stream in [&mut first, &mut second] {
        assert_eq!(stream.next().await.1["status"]["bronze"], 151);
    }
    assert_eq!(console.post("/run-etl", "").await.status, 202);
    assert_eq!(first.next().await.1["run"]["status"], "requested");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_listeners_share_one_look_and_nobody_looks_for_nobody() {
    let test = warehouse().await;
    let console = Console::open(&test).await;
    let connections = "SELECT count(*)::text FROM pg_stat_activity WHERE usename = 'dashboard_reader' AND datname = current_database()";
    assert_eq!(one_text(&test, connections).await, "0");
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = Stream::open(&console).await;
        stream.next().await;
        streams.push(stream);
    }
    assert_eq!(one_text(&test, connections).await, "1");
    let refused_after = 256;
    for _ in streams.len()..refused_after {
        streams.push(Stream::open(&console).await);
    }
    for stream in &mut streams[20..] {
        stream.next().await;
    }
    assert_eq!(console.get("/events").await.status, 503);
    drop(streams);
}

//! The warehouse from the tests' side, read by SQL of their own: what is in bronze, and whether the ledger adds up.

use tokio_postgres::{Client, NoTls};

use super::kafka::Sent;

/// A connection as superuser.
pub(crate) struct Ledger {
    pub(crate) client: Client,
}

impl Ledger {
    pub(crate) async fn open(superuser_url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(superuser_url, NoTls).await.unwrap();
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ledger { client }
    }

    pub(crate) async fn number(&self, query: &str) -> i64 {
        self.client.query_one(query, &[]).await.unwrap().get(0)
    }

    pub(crate) async fn record_count(&self) -> i64 {
        self.number("SELECT count(*) FROM bronze.events").await
    }

    /// The one topic's id; tests with several say which.
    pub(crate) async fn topic_id(&self) -> i32 {
        let row = self
            .client
            .query_one("SELECT topic_id FROM ops.topics", &[])
            .await
            .unwrap();
        row.get(0)
    }

    pub(crate) async fn records(&self, topic_id: i32) -> Vec<Sent> {
        let query = "SELECT kafka_partition, kafka_offset, key, headers, payload FROM bronze.events
                     WHERE topic_id = $1 ORDER BY 1, 2";
        let rows = self.client.query(query, &[&topic_id]).await.unwrap();
        rows.iter()
            .map(|row| {
                let headers: Option<Vec<Option<Vec<u8>>>> = row.get(3);
                let headers = headers.unwrap_or_default();
                Sent {
                    partition: row.get(0),
                    offset: row.get(1),
                    key: row.get(2),
                    headers: headers
                        .chunks(2)
                        .map(|pair| (pair[0].clone().unwrap(), pair[1].clone()))
                        .collect(),
                    payload: row.get(4),
                }
            })
            .collect()
    }

    /// What is in bronze is exactly this, record by record and byte by byte, and the ledger adds up.
    pub(crate) async fn assert_holds_exactly(&self, mut expected: Vec<Sent>) {
        self.assert_adds_up().await;
        expected.sort_by_key(|record| (record.partition, record.offset));
        let found = self.records(self.topic_id().await).await;
        assert_eq!(found.len(), expected.len(), "number of records in bronze");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                found == expected,
                "found {}, expected {}",
                brief(found),
                brief(expected)
            );
        }
    }

    /// Bronze and gaps are contiguous up to next_offset, no offset is there twice, and all counts agree.
    pub(crate) async fn assert_adds_up(&self) {
        for (what, query) in CONTRADICTIONS {
            // As text, since a row's own Debug tells its columns and not what they hold.
            let query = format!("SELECT found::text FROM ({query}) AS found");
            let rows = self.client.query(&query, &[]).await.unwrap();
            let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            assert!(found.is_empty(), "{what}: {found:?}");
        }
    }
}

fn brief(record: &Sent) -> String {
    let mut text = format!("{record:?}");
    text.truncate(400);
    text
}

/// Each finds what must not be. Written apart from the SQL under test.
const CONTRADICTIONS: &[(&str, &str)] = &[
    (
        "an offset is in bronze twice",
        "SELECT topic_id, kafka_partition, kafka_offset FROM bronze.events GROUP BY 1, 2, 3 HAVING count(*) > 1",
    ),
    (
        "a batch does not hold as many records as it says",
        "SELECT b.topic_id, b.kafka_partition, b.first_offset FROM ops.bronze_batches b
         LEFT JOIN bronze.events e ON e.topic_id = b.topic_id AND e.kafka_partition = b.kafka_partition
              AND e.kafka_offset BETWEEN b.first_offset AND b.last_offset AND e.ingested_at = b.ingested_at
         GROUP BY 1, 2, 3, b.row_count, b.byte_count
         HAVING count(e.kafka_offset) <> b.row_count",
    ),
    (
        "a record belongs to no batch",
        "SELECT e.topic_id, e.kafka_partition, e.kafka_offset FROM bronze.events e WHERE NOT EXISTS
            (SELECT FROM ops.bronze_batches b WHERE e.topic_id = b.topic_id AND e.kafka_partition = b.kafka_partition
              AND e.kafka_offset BETWEEN b.first_offset AND b.last_offset)",
    ),
    (
        "an offset below next_offset is neither a record nor a gap, or is both",
        "WITH answered AS (
            SELECT topic_id, kafka_partition, kafka_offset AS o FROM bronze.events
            UNION ALL
            SELECT topic_id, kafka_partition, generate_series(first_offset, last_offset) FROM ops.offset_gaps)
         SELECT p.topic_id, p.kafka_partition, p.start_offset, p.next_offset, count(a.o), count(DISTINCT a.o)
         FROM ops.partitions p LEFT JOIN answered a USING (topic_id, kafka_partition)
         GROUP BY 1, 2, 3, 4
         HAVING count(a.o) <> p.next_offset - p.start_offset OR count(DISTINCT a.o) <> count(a.o)
             OR min(a.o) < p.start_offset OR max(a.o) >= p.next_offset",
    ),
    (
        "a partition's counts are not those of its records and gaps",
        "SELECT p.topic_id, p.kafka_partition, p.record_count, p.gap_count, p.byte_count FROM ops.partitions p
         WHERE p.record_count <> (SELECT count(*) FROM bronze.events e
                                  WHERE (e.topic_id, e.kafka_partition) = (p.topic_id, p.kafka_partition))
            OR p.gap_count <> (SELECT coalesce(sum(last_offset - first_offset + 1), 0) FROM ops.offset_gaps g
                               WHERE (g.topic_id, g.kafka_partition) = (p.topic_id, p.kafka_partition))
            OR p.byte_count <> (SELECT coalesce(sum(byte_count), 0) FROM ops.bronze_batches b
                                WHERE (b.topic_id, b.kafka_partition) = (p.topic_id, p.kafka_partition))",
    ),
    (
        "bronze holds more than Kafka is said to hold",
        "SELECT topic_id, kafka_partition, next_offset, high_watermark FROM ops.partitions
         WHERE high_watermark < next_offset",
    ),
    (
        "the bytes of bronze are not those that the ledger counts",
        "SELECT p.topic_id, p.kafka_partition FROM ops.partitions p
         WHERE p.byte_count <> (SELECT coalesce(sum(coalesce(octet_length(key), 0) + coalesce(octet_length(payload), 0)
                                    + coalesce((SELECT sum(octet_length(h)) FROM unnest(headers) h), 0)), 0)
                                FROM bronze.events e
                                WHERE (e.topic_id, e.kafka_partition) = (p.topic_id, p.kafka_partition))",
    ),
];

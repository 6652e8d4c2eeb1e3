//! Fills bronze as the consumer does, and makes events by hand.
#![allow(dead_code)]

pub(crate) mod stages;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use event_contract::{
    Channel, Customer, CustomerType, EventType, Item, Money, Order, TransactionEvent, encode,
};
use test_warehouse::TestWarehouse;
use warehouse::bronze::{
    PartitionBatch, PartitionClaim, RecordRow, RecordSpan, claim_partitions, push_record,
    record_buffer, register_topic, write_batches,
};
use warehouse::{Session, Warehouse};

/// A writer of bronze that plays the consumer's part, with offsets of its own.
pub(crate) struct Bronze {
    session: Session,
    topic_id: i32,
    claims: HashMap<i32, PartitionClaim>,
}

impl Bronze {
    pub(crate) async fn open(test: &TestWarehouse) -> Bronze {
        let warehouse = Warehouse::new(test.settings_of("bronze_writer"), 1).unwrap();
        let session = warehouse.connect().await.unwrap();
        let topic = register_topic(&session, "test", "life-1").await.unwrap();
        Bronze {
            session,
            topic_id: topic.topic_id,
            claims: HashMap::new(),
        }
    }

    /// Writes events, or tombstones, as one batch.
    pub(crate) async fn write(&mut self, partition: i32, events: &[Option<&TransactionEvent>]) {
        let payloads: Vec<Option<Vec<u8>>> = events
            .iter()
            .map(|event| {
                event.map(|event| {
                    let mut payload = Vec::new();
                    encode::single_object(event, &mut payload);
                    payload
                })
            })
            .collect();
        let payloads: Vec<Option<&[u8]>> = payloads.iter().map(Option::as_deref).collect();
        self.write_raw(partition, &payloads).await;
    }

    /// Writes any bytes as one batch.
    pub(crate) async fn write_raw(&mut self, partition: i32, payloads: &[Option<&[u8]>]) {
        if !self.claims.contains_key(&partition) {
            let claims = claim_partitions(&self.session, self.topic_id, &[partition])
                .await
                .unwrap();
            self.claims.insert(partition, claims[0].clone());
        }
        let claim = self.claims.get_mut(&partition).unwrap();
        let ingested_at: DateTime<Utc> = Utc::now();
        let mut rows = record_buffer();
        let (mut offset, mut byte_count) = (claim.next_offset, 0);
        for payload in payloads {
            let row = RecordRow {
                kafka_partition: partition,
                kafka_offset: offset,
                kafka_timestamp: Some(ingested_at),
                key: Some(b"key"),
                headers: &[(b"trace", Some(b"1")), (b"none", None)],
                payload: *payload,
            };
            push_record(&mut rows, self.topic_id, ingested_at, &row);
            byte_count += 3 + 5 + 1 + 4 + payload.map_or(0, |bytes| bytes.len() as i64);
            offset += 1;
        }
        let batch = PartitionBatch {
            kafka_partition: partition,
            fence: claim.fence,
            from_offset: claim.next_offset,
            next_offset: offset,
            records: Some(RecordSpan {
                first_offset: claim.next_offset,
                last_offset: offset - 1,
                byte_count,
                oldest_record_at: Some(ingested_at),
                newest_record_at: Some(ingested_at),
                last_record_hash: [7; 32],
            }),
            gaps: Vec::new(),
            high_watermark: Some(offset),
            rows: rows.freeze(),
        };
        write_batches(&mut self.session, self.topic_id, ingested_at, &[batch])
            .await
            .unwrap();
        claim.next_offset = offset;
    }
}

/// A placed order of so many lines of one piece each.
pub(crate) fn placed(order_id: &str, lines: i64) -> TransactionEvent {
    let items: Vec<Item> = (0..lines)
        .map(|_| Item {
            id: "P1".into(),
            name: "Kettle".into(),
            category: "Kitchen".into(),
            unit_price: Money::from_cents(1_999),
            quantity: 1,
            discount: Money::from_cents(100),
            cost: Money::from_cents(950),
        })
        .collect();
    let order = amounts("order_placed", &items, 250, 495);
    TransactionEvent {
        items,
        order,
        ..event(order_id, EventType::OrderPlaced)
    }
}

/// The return of the first lines of an order.
pub(crate) fn returned(order: &TransactionEvent, lines: usize) -> TransactionEvent {
    let items = order.items[..lines].to_vec();
    TransactionEvent {
        order: amounts("order_returned", &items, 80, 0),
        items,
        event_timestamp: order.event_timestamp + chrono::TimeDelta::seconds(5),
        ..event(&order.transaction_id, EventType::OrderReturned)
    }
}

/// An event without lines.
pub(crate) fn event(order_id: &str, event_type: EventType) -> TransactionEvent {
    TransactionEvent {
        event_id: uuid::Uuid::now_v7(),
        event_type,
        event_version: "1.0".into(),
        event_timestamp: DateTime::from_timestamp_micros(Utc::now().timestamp_micros()).unwrap(),
        transaction_id: order_id.into(),
        channel: Channel::Web,
        customer: Customer {
            id: Some("C1".into()),
            customer_type: CustomerType::New,
            country: "FR".into(),
            city: "Paris".into(),
            segment: None,
        },
        order: amounts(event_type.as_str(), &[], 0, 0),
        items: Vec::new(),
        coupon_code: None,
    }
}

pub(crate) fn amounts(status: &str, items: &[Item], tax: i64, shipping: i64) -> Order {
    let subtotal: i64 = items
        .iter()
        .map(|item| item.unit_price.cents() * i64::from(item.quantity))
        .sum();
    let discount: i64 = items.iter().map(|item| item.discount.cents()).sum();
    Order {
        status: status.into(),
        payment_method: "credit_card".into(),
        currency: "EUR".into(),
        subtotal: Money::from_cents(subtotal),
        tax_amount: Money::from_cents(tax),
        shipping_amount: Money::from_cents(shipping),
        discount_amount: Money::from_cents(discount),
        total_amount: Money::from_cents(subtotal + tax + shipping - discount),
    }
}

/// The findings of all checks as they see an open transaction.
pub(crate) async fn findings_within(transaction: &tokio_postgres::Transaction<'_>) -> Vec<String> {
    let mut findings = Vec::new();
    for (statement, query) in warehouse::verify::queries() {
        for row in transaction.query(query, &[]).await.unwrap() {
            findings.push(format!("{statement}: {}", row.get::<_, String>(0)));
        }
    }
    findings
}

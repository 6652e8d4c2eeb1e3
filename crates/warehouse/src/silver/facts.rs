use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{MAX_LOAD_EVENTS, RecordPosition, SilverTransaction};
use crate::bronze::column;
use crate::copy::CopyBuffer;
use crate::{WarehouseError, sql};

/// A row of `silver.fct_order_events`. Amounts in hundredths.
#[derive(Debug, Clone, Copy)]
pub struct OrderEventRow<'a> {
    /// Surrogate key.
    pub order_event_key: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The order.
    pub order_id: &'a str,
    /// The event's record.
    pub position: RecordPosition,
    /// `dim_customers`
    pub customer_key: i64,
    /// `dim_locations`
    pub location_key: i32,
    /// `dim_channels`
    pub channel_key: i32,
    /// `dim_currencies`
    pub currency_key: i32,
    /// `dim_payment_methods`
    pub payment_method_key: i32,
    /// `dim_order_statuses`
    pub order_status_key: i32,
    /// Lines.
    pub line_count: i32,
    /// Pieces in the lines.
    pub units: i32,
    /// Event time.
    pub event_at: DateTime<Utc>,
    /// What happened.
    pub event_type: &'a str,
    /// Version of the contract.
    pub event_version: &'a str,
    /// Hash of the content.
    pub content_hash: &'a [u8; 16],
    /// Subtotal.
    pub subtotal_cents: i64,
    /// Tax.
    pub tax_cents: i64,
    /// Shipping.
    pub shipping_cents: i64,
    /// Discount.
    pub discount_cents: i64,
    /// Total.
    pub total_cents: i64,
    /// Cost of the pieces.
    pub cost_cents: i64,
}

/// A row of `silver.fct_order_lines`. Amounts in hundredths; negative for returned lines, but for the price.
#[derive(Debug, Clone, Copy)]
pub struct OrderLineRow {
    /// `fct_order_events`
    pub order_event_key: i64,
    /// `dim_products`
    pub product_key: i64,
    /// `dim_categories`
    pub category_key: i32,
    /// `dim_currencies`
    pub currency_key: i32,
    /// UTC day of the event time.
    pub event_date: NaiveDate,
    /// Pieces.
    pub quantity: i32,
    /// Position in the event, from 1.
    pub line_no: i16,
    /// Price of one piece.
    pub unit_price_cents: i64,
    /// Price times quantity.
    pub gross_cents: i64,
    /// Discount on the line.
    pub discount_cents: i64,
    /// Cost of the pieces.
    pub cost_cents: i64,
}

/// A row of `silver.quarantined_events`.
#[derive(Debug, Clone, Copy)]
pub struct QuarantineRow<'a> {
    /// The record.
    pub position: RecordPosition,
    /// The event's id, where it could be read.
    pub event_id: Option<Uuid>,
    /// Version of the rules.
    pub rule_version: i32,
    /// Reason code.
    pub reason: &'a str,
    /// For a person; without control characters.
    pub detail: &'a str,
    /// `bronze.events.ingested_at`
    pub ingested_at: DateTime<Utc>,
}

/// A row of `silver.duplicate_events`.
#[derive(Debug, Clone, Copy)]
pub struct DuplicateRow {
    /// The copy.
    pub position: RecordPosition,
    /// The event.
    pub event_id: Uuid,
    /// The record that was kept.
    pub kept: RecordPosition,
}

/// The rows of one load, in the order in which they are copied.
#[derive(Debug)]
pub struct FactBuffers {
    events: CopyBuffer,
    lines: CopyBuffer,
    quarantined: CopyBuffer,
    duplicates: CopyBuffer,
}

impl Default for FactBuffers {
    fn default() -> Self {
        FactBuffers {
            events: CopyBuffer::new(25),
            lines: CopyBuffer::new(11),
            quarantined: CopyBuffer::new(8),
            duplicates: CopyBuffer::new(7),
        }
    }
}

impl FactBuffers {
    /// Appends an event. In ascending order of key within a load.
    pub fn push_event(&mut self, event: &OrderEventRow<'_>) {
        self.events
            .row()
            .int8(event.order_event_key)
            .uuid(event.event_id)
            .text(event.order_id)
            .int8(event.customer_key)
            .int4(event.position.topic_id)
            .int4(event.position.kafka_partition)
            .int8(event.position.kafka_offset)
            .int4(event.location_key)
            .int4(event.channel_key)
            .int4(event.currency_key)
            .int4(event.payment_method_key)
            .int4(event.order_status_key)
            .int4(event.line_count)
            .int4(event.units)
            .date(event.event_at.date_naive())
            .timestamptz(event.event_at)
            .text(event.event_type)
            .text(event.event_version)
            .bytea(event.content_hash)
            .numeric_cents(event.subtotal_cents)
            .numeric_cents(event.tax_cents)
            .numeric_cents(event.shipping_cents)
            .numeric_cents(event.discount_cents)
            .numeric_cents(event.total_cents)
            .numeric_cents(event.cost_cents);
    }

    /// Appends a line.
    pub fn push_line(&mut self, line: &OrderLineRow) {
        self.lines
            .row()
            .int8(line.order_event_key)
            .int8(line.product_key)
            .int4(line.category_key)
            .int4(line.currency_key)
            .date(line.event_date)
            .int4(line.quantity)
            .int2(line.line_no)
            .numeric_cents(line.unit_price_cents)
            .numeric_cents(line.gross_cents)
            .numeric_cents(line.discount_cents)
            .numeric_cents(line.cost_cents);
    }

    /// Appends a quarantined record.
    pub fn push_quarantined(&mut self, row: &QuarantineRow<'_>) {
        self.quarantined
            .row()
            .int4(row.position.topic_id)
            .int4(row.position.kafka_partition)
            .int8(row.position.kafka_offset)
            .optional_uuid(row.event_id)
            .int4(row.rule_version)
            .text(row.reason)
            .text(row.detail)
            .timestamptz(row.ingested_at);
    }

    /// Appends a copy of an accepted event.
    pub fn push_duplicate(&mut self, row: &DuplicateRow) {
        self.duplicates
            .row()
            .int4(row.position.topic_id)
            .int4(row.position.kafka_partition)
            .int8(row.position.kafka_offset)
            .uuid(row.event_id)
            .int4(row.kept.topic_id)
            .int4(row.kept.kafka_partition)
            .int8(row.kept.kafka_offset);
    }
}

fn push_order(buffer: &mut CopyBuffer, order: &OrderSnapshot<'_>) {
    let mut row = buffer.row();
    row.text(order.order_id)
        .int8(order.customer_key)
        .int4(order.channel_key)
        .int4(order.currency_key)
        .int4(order.order_status_key)
        .int4(order.event_count);
    match order.line_count {
        Some(lines) => row.int4(lines),
        None => row.null(),
    };
    row.int4(order.status_position.kafka_partition)
        .int8(order.status_position.kafka_offset)
        .timestamptz(order.status_at);
    for milestone in [
        order.placed_at,
        order.paid_at,
        order.shipped_at,
        order.completed_at,
        order.returned_at,
        order.cancelled_at,
    ] {
        match milestone {
            Some(at) => row.timestamptz(at),
            None => row.null(),
        };
    }
    match order.total_cents {
        Some(cents) => row.numeric_cents(cents),
        None => row.null(),
    };
}

/// The part of an order's snapshot that one load contributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSnapshot<'a> {
    /// The order.
    pub order_id: &'a str,
    /// `dim_customers`, as of the latest event; likewise the other keys.
    pub customer_key: i64,
    /// `dim_channels`
    pub channel_key: i32,
    /// `dim_currencies`
    pub currency_key: i32,
    /// `dim_order_statuses`
    pub order_status_key: i32,
    /// Events of the order in the load.
    pub event_count: i32,
    /// Lines as placed, where the placing is in the load.
    pub line_count: Option<i32>,
    /// Event time of the latest event.
    pub status_at: DateTime<Utc>,
    /// Record of the latest event.
    pub status_position: RecordPosition,
    /// Earliest placing; likewise the other milestones.
    pub placed_at: Option<DateTime<Utc>>,
    /// Earliest payment.
    pub paid_at: Option<DateTime<Utc>>,
    /// Earliest shipment.
    pub shipped_at: Option<DateTime<Utc>>,
    /// Earliest completion.
    pub completed_at: Option<DateTime<Utc>>,
    /// Earliest return.
    pub returned_at: Option<DateTime<Utc>>,
    /// Earliest cancellation.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Total as placed, in hundredths.
    pub total_cents: Option<i64>,
}

impl SilverTransaction<'_> {
    /// Takes a block of [`MAX_LOAD_EVENTS`] fact keys and answers its first.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn take_event_keys(&self) -> Result<i64, WarehouseError> {
        let doing = "taking fact keys";
        let rows = self
            .query("SELECT nextval('silver.order_event_keys')", &[], doing)
            .await?;
        debug_assert_eq!(MAX_LOAD_EVENTS, 65_536, "the increment of the sequence");
        rows.first()
            .map(|row| row.get(0))
            .ok_or_else(|| WarehouseError::Inconsistent("a sequence answered nothing".into()))
    }

    /// Copies the rows of a load into the fact tables, quarantine and duplicates.
    ///
    /// # Errors
    /// Of class `Refused` where the database does not accept a row; the load must be undone then.
    pub async fn copy_facts(&self, buffers: FactBuffers) -> Result<(), WarehouseError> {
        let transaction = &self.transaction;
        buffers
            .events
            .freeze()
            .copy(
                transaction,
                sql!("silver/fct_order_events.sql"),
                "copying events into silver",
            )
            .await?;
        buffers
            .lines
            .freeze()
            .copy(
                transaction,
                sql!("silver/fct_order_lines.sql"),
                "copying lines into silver",
            )
            .await?;
        buffers
            .quarantined
            .freeze()
            .copy(
                transaction,
                sql!("silver/quarantined_events.sql"),
                "copying records into quarantine",
            )
            .await?;
        buffers
            .duplicates
            .freeze()
            .copy(
                transaction,
                sql!("silver/duplicate_events.sql"),
                "recording duplicates",
            )
            .await
    }

    /// Writes a load's orders, sorted by order id, into `silver.fct_orders`: new ones are copied, which is
    /// cheaper than folding, and known ones are folded.
    ///
    /// # Errors
    /// Of class `Refused` where the database does not accept a row, also where another load has just written an order
    /// that was new.
    pub async fn write_orders(&self, orders: Vec<OrderSnapshot<'_>>) -> Result<(), WarehouseError> {
        let ids = column(&orders, |order| order.order_id);
        let rows = self
            .query(
                sql!("silver/known_orders.sql"),
                &[&ids],
                "looking for known orders",
            )
            .await?;
        let known: HashSet<&str> = rows.iter().map(|row| row.get(0)).collect();
        let (to_fold, to_copy): (Vec<_>, Vec<_>) = orders
            .into_iter()
            .partition(|order| known.contains(order.order_id));
        let mut buffer = CopyBuffer::new(17);
        for order in &to_copy {
            push_order(&mut buffer, order);
        }
        let doing = "copying orders into silver";
        buffer
            .freeze()
            .copy(&self.transaction, sql!("silver/new_orders.sql"), doing)
            .await?;
        self.fold_orders(&to_fold).await
    }

    async fn fold_orders(&self, orders: &[OrderSnapshot<'_>]) -> Result<(), WarehouseError> {
        if orders.is_empty() {
            return Ok(());
        }
        self.execute(
            sql!("silver/fct_orders.sql"),
            &[
                &column(orders, |order| order.order_id),
                &column(orders, |order| order.customer_key),
                &column(orders, |order| order.channel_key),
                &column(orders, |order| order.currency_key),
                &column(orders, |order| order.order_status_key),
                &column(orders, |order| order.event_count),
                &column(orders, |order| order.line_count),
                &column(orders, |order| order.status_position.kafka_partition),
                &column(orders, |order| order.status_position.kafka_offset),
                &column(orders, |order| order.status_at),
                &column(orders, |order| order.placed_at),
                &column(orders, |order| order.paid_at),
                &column(orders, |order| order.shipped_at),
                &column(orders, |order| order.completed_at),
                &column(orders, |order| order.returned_at),
                &column(orders, |order| order.cancelled_at),
                &column(orders, |order| {
                    order.total_cents.map(|cents| Decimal::new(cents, 2))
                }),
            ],
            "folding orders",
        )
        .await?;
        Ok(())
    }
}

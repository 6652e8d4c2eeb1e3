use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{MAX_LOAD_EVENTS, RecordPosition, SilverTransaction};
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
    /// `dim_customer_versions`
    pub customer_version_key: i32,
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
    /// Coupon, where one was used.
    pub coupon_code: Option<&'a str>,
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

/// What a row of `silver.fct_order_lines` says, whichever event has it. Amounts in hundredths; negative for what came back,
/// but for the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderLine {
    /// `dim_products`
    pub product_key: i64,
    /// `dim_product_versions`
    pub product_version_key: i32,
    /// `dim_categories`
    pub category_key: i32,
    /// `dim_currencies`
    pub currency_key: i32,
    /// Pieces.
    pub quantity: i32,
    /// Price of one piece.
    pub unit_price_cents: i64,
    /// Price times quantity.
    pub gross_cents: i64,
    /// Discount on the line.
    pub discount_cents: i64,
    /// Cost of the pieces.
    pub cost_cents: i64,
}

impl OrderLine {
    /// The line that makes this one undone.
    pub fn negated(self) -> OrderLine {
        OrderLine {
            quantity: -self.quantity,
            gross_cents: -self.gross_cents,
            discount_cents: -self.discount_cents,
            cost_cents: -self.cost_cents,
            ..self
        }
    }
}

/// A row of `silver.fct_order_lines`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderLineRow {
    /// `fct_order_events`
    pub order_event_key: i64,
    /// Position in the event, from 1; negative for what a cancellation takes back.
    pub line_no: i16,
    /// UTC day on which it counts.
    pub event_date: NaiveDate,
    /// What it says.
    pub line: OrderLine,
}

/// A row of `silver.fct_order_steps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderStepRow {
    /// `fct_order_events`
    pub order_event_key: i64,
    /// Position among the rows of the event, from 1.
    pub step_no: i16,
    /// `placed`, `paid` and so on.
    pub step: &'static str,
    /// UTC day of the step.
    pub step_date: NaiveDate,
    /// Whole seconds since the latest earlier step that is known.
    pub seconds_since_previous: Option<i64>,
    /// 1 for a step taken, -1 for one taken back.
    pub orders: i16,
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
    steps: CopyBuffer,
    quarantined: CopyBuffer,
    duplicates: CopyBuffer,
}

impl Default for FactBuffers {
    fn default() -> Self {
        FactBuffers {
            events: CopyBuffer::new(27),
            lines: CopyBuffer::new(12),
            steps: CopyBuffer::new(6),
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
            .int4(event.customer_version_key)
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
            .optional_bytea(event.coupon_code.map(str::as_bytes))
            .bytea(event.content_hash)
            .numeric_cents(event.subtotal_cents)
            .numeric_cents(event.tax_cents)
            .numeric_cents(event.shipping_cents)
            .numeric_cents(event.discount_cents)
            .numeric_cents(event.total_cents)
            .numeric_cents(event.cost_cents);
    }

    /// Appends a line.
    pub fn push_line(&mut self, row: &OrderLineRow) {
        self.lines
            .row()
            .int8(row.order_event_key)
            .int8(row.line.product_key)
            .int4(row.line.product_version_key)
            .int4(row.line.category_key)
            .int4(row.line.currency_key)
            .date(row.event_date)
            .int4(row.line.quantity)
            .int2(row.line_no)
            .numeric_cents(row.line.unit_price_cents)
            .numeric_cents(row.line.gross_cents)
            .numeric_cents(row.line.discount_cents)
            .numeric_cents(row.line.cost_cents);
    }

    /// Appends a step.
    pub fn push_step(&mut self, step: &OrderStepRow) {
        let mut row = self.steps.row();
        row.int8(step.order_event_key);
        match step.seconds_since_previous {
            Some(seconds) => row.int8(seconds),
            None => row.null(),
        };
        row.date(step.step_date)
            .int2(step.step_no)
            .int2(step.orders)
            .text(step.step);
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

    /// Copies a load's events, and leaves the rest in the buffers: an event that another load has just accepted is met
    /// before anything else is done.
    ///
    /// # Errors
    /// Of class `Refused` where the database does not accept a row; the load must be undone then.
    pub async fn copy_events(&self, buffers: &mut FactBuffers) -> Result<(), WarehouseError> {
        let events = std::mem::replace(&mut buffers.events, FactBuffers::default().events);
        self.transaction
            .copy(
                events.freeze(),
                sql!("silver/fct_order_events.sql"),
                "copying events into silver",
            )
            .await
    }

    /// Copies a load's lines, steps, quarantined records and duplicates, and its events where that is not done yet.
    ///
    /// # Errors
    /// As of [`SilverTransaction::copy_events`].
    pub async fn copy_facts(&self, mut buffers: FactBuffers) -> Result<(), WarehouseError> {
        self.copy_events(&mut buffers).await?;
        let copies = [
            (
                buffers.lines,
                sql!("silver/fct_order_lines.sql"),
                "copying lines into silver",
            ),
            (
                buffers.steps,
                sql!("silver/fct_order_steps.sql"),
                "copying the steps of orders into silver",
            ),
            (
                buffers.quarantined,
                sql!("silver/quarantined_events.sql"),
                "copying records into quarantine",
            ),
            (
                buffers.duplicates,
                sql!("silver/duplicate_events.sql"),
                "recording duplicates",
            ),
        ];
        for (rows, statement, doing) in copies {
            self.transaction
                .copy(rows.freeze(), statement, doing)
                .await?;
        }
        Ok(())
    }
}

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{OrderLine, SilverTransaction};
use crate::bronze::column;
use crate::copy::CopyBuffer;
use crate::{WarehouseError, sql};

/// What all events of an order come to: a row of `silver.fct_orders`, without the order's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderSnapshot {
    /// `dim_customers`, as of the latest event; likewise the other keys.
    pub customer_key: i64,
    /// `dim_channels`
    pub channel_key: i32,
    /// `dim_currencies`
    pub currency_key: i32,
    /// `dim_order_statuses`
    pub order_status_key: i32,
    /// Accepted events.
    pub event_count: i32,
    /// Lines as placed, once the placing is known.
    pub line_count: Option<i32>,
    /// Event time of the latest event.
    pub status_at: DateTime<Utc>,
    /// Id of the latest event; absent only in orders that are older than this column.
    pub status_event_id: Option<Uuid>,
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
    /// Id of the earliest placing.
    pub placed_event_id: Option<Uuid>,
    /// Key of the earliest placing.
    pub placed_event_key: Option<i64>,
    /// Total as placed, in hundredths.
    pub total_cents: Option<i64>,
}

/// A snapshot to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderRow<'a> {
    /// The order.
    pub order_id: &'a str,
    /// What its events come to now.
    pub snapshot: OrderSnapshot,
}

impl OrderSnapshot {
    fn of_row(row: &Row) -> OrderSnapshot {
        OrderSnapshot {
            customer_key: row.get("customer_key"),
            channel_key: row.get("channel_key"),
            currency_key: row.get("currency_key"),
            order_status_key: row.get("order_status_key"),
            event_count: row.get("event_count"),
            line_count: row.get("line_count"),
            status_at: row.get("status_at"),
            status_event_id: row.get("status_event_id"),
            placed_at: row.get("placed_at"),
            paid_at: row.get("paid_at"),
            shipped_at: row.get("shipped_at"),
            completed_at: row.get("completed_at"),
            returned_at: row.get("returned_at"),
            cancelled_at: row.get("cancelled_at"),
            placed_event_id: row.get("placed_event_id"),
            placed_event_key: row.get("placed_event_key"),
            total_cents: row.get("total_cents"),
        }
    }
}

impl SilverTransaction<'_> {
    /// The snapshots of those of these orders that have one; locked until the transaction ends.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn lock_orders(
        &self,
        order_ids: &[&str],
    ) -> Result<HashMap<String, OrderSnapshot>, WarehouseError> {
        let rows = self
            .query(
                sql!("silver/lock_orders.sql"),
                &[&order_ids],
                "locking orders",
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| (row.get("order_id"), OrderSnapshot::of_row(row)))
            .collect())
    }

    /// The lines of these placings, by the placing's event key, in order of their numbers.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn placed_lines(
        &self,
        placed_event_keys: &[i64],
    ) -> Result<HashMap<i64, Vec<OrderLine>>, WarehouseError> {
        let mut lines: HashMap<i64, Vec<OrderLine>> = HashMap::new();
        if placed_event_keys.is_empty() {
            return Ok(lines);
        }
        let rows = self
            .query(
                sql!("silver/placed_lines.sql"),
                &[&placed_event_keys],
                "reading the lines of cancelled orders",
            )
            .await?;
        for row in &rows {
            let line = OrderLine {
                product_key: row.get("product_key"),
                product_version_key: row.get("product_version_key"),
                category_key: row.get("category_key"),
                currency_key: row.get("currency_key"),
                quantity: row.get("quantity"),
                unit_price_cents: row.get("unit_price_cents"),
                gross_cents: row.get("gross_cents"),
                discount_cents: row.get("discount_cents"),
                cost_cents: row.get("cost_cents"),
            };
            lines
                .entry(row.get("order_event_key"))
                .or_default()
                .push(line);
        }
        Ok(lines)
    }

    /// Copies the snapshots of orders that have none yet, in order of their ids.
    ///
    /// # Errors
    /// Of class `Refused` where the database does not accept a row, also where another load has just begun an order.
    pub async fn copy_orders(&self, orders: &[OrderRow<'_>]) -> Result<(), WarehouseError> {
        let mut buffer = CopyBuffer::new(18);
        for order in orders {
            push_order(&mut buffer, order);
        }
        let doing = "copying orders into silver";
        self.transaction
            .copy(buffer.freeze(), sql!("silver/new_orders.sql"), doing)
            .await
    }

    /// Brings the snapshots of orders that [`SilverTransaction::lock_orders`] answered up to date.
    ///
    /// # Errors
    /// [`WarehouseError::Inconsistent`] where one of them is gone.
    pub async fn update_orders(&self, orders: &[OrderRow<'_>]) -> Result<(), WarehouseError> {
        if orders.is_empty() {
            return Ok(());
        }
        let updated = self
            .execute(
                sql!("silver/update_orders.sql"),
                &[
                    &column(orders, |order| order.order_id),
                    &column(orders, |order| order.snapshot.customer_key),
                    &column(orders, |order| order.snapshot.channel_key),
                    &column(orders, |order| order.snapshot.currency_key),
                    &column(orders, |order| order.snapshot.order_status_key),
                    &column(orders, |order| order.snapshot.event_count),
                    &column(orders, |order| order.snapshot.line_count),
                    &column(orders, |order| order.snapshot.status_event_id),
                    &column(orders, |order| order.snapshot.status_at),
                    &column(orders, |order| order.snapshot.placed_at),
                    &column(orders, |order| order.snapshot.paid_at),
                    &column(orders, |order| order.snapshot.shipped_at),
                    &column(orders, |order| order.snapshot.completed_at),
                    &column(orders, |order| order.snapshot.returned_at),
                    &column(orders, |order| order.snapshot.cancelled_at),
                    &column(orders, |order| order.snapshot.placed_event_id),
                    &column(orders, |order| order.snapshot.placed_event_key),
                    &column(orders, |order| {
                        let cents = order.snapshot.total_cents;
                        cents.map(|cents| Decimal::new(cents, 2))
                    }),
                ],
                "updating orders",
            )
            .await?;
        if usize::try_from(updated) == Ok(orders.len()) {
            return Ok(());
        }
        Err(WarehouseError::Inconsistent(format!(
            "updated {updated} of {} orders, though their rows are locked",
            orders.len()
        )))
    }
}

fn push_order(buffer: &mut CopyBuffer, order: &OrderRow<'_>) {
    let snapshot = &order.snapshot;
    let mut row = buffer.row();
    row.text(order.order_id)
        .int8(snapshot.customer_key)
        .int4(snapshot.channel_key)
        .int4(snapshot.currency_key)
        .int4(snapshot.order_status_key)
        .int4(snapshot.event_count);
    match snapshot.line_count {
        Some(lines) => row.int4(lines),
        None => row.null(),
    };
    row.optional_uuid(snapshot.status_event_id)
        .timestamptz(snapshot.status_at);
    for milestone in [
        snapshot.placed_at,
        snapshot.paid_at,
        snapshot.shipped_at,
        snapshot.completed_at,
        snapshot.returned_at,
        snapshot.cancelled_at,
    ] {
        match milestone {
            Some(at) => row.timestamptz(at),
            None => row.null(),
        };
    }
    row.optional_uuid(snapshot.placed_event_id);
    match snapshot.placed_event_key {
        Some(key) => row.int8(key),
        None => row.null(),
    };
    match snapshot.total_cents {
        Some(cents) => row.numeric_cents(cents),
        None => row.null(),
    };
}

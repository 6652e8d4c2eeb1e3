//! The marts that simply add up: what a failed event added is subtracted again.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use event_contract::truth::Table;
use event_contract::truth::table::weighted;
use event_contract::{Channel, EventType, TransactionEvent};

use super::cells::Cells;
use super::names::Names;
use super::tally::TallyLine;

const HOURLY: [&str; 13] = [
    "orders",
    "units_sold",
    "gross",
    "discount",
    "tax",
    "shipping",
    "total",
    "returns",
    "units_returned",
    "returned",
    "returned_goods",
    "cancellations",
    "cancelled",
];

const PRODUCTS: [&str; 10] = [
    "lines",
    "quantity",
    "gross",
    "discount",
    "cost",
    "lines_digest",
    "quantity_digest",
    "gross_digest",
    "discount_digest",
    "cost_digest",
];

const SECONDS_IN_AN_HOUR: i64 = 3_600;

/// Sums by hour, payment method and place, and digests of the sums by product and day.
#[derive(Debug, Default)]
pub(super) struct Additive {
    /// By hour since the epoch, currency and channel. Without cost and cancelled goods: in which hour the warehouse counts
    /// what a cancellation takes back depends on what it loads together.
    hourly: Cells<(i64, u32, Channel), 13>,
    /// By day, currency and payment method: orders, total.
    payments: Cells<(NaiveDate, u32, u32), 2>,
    /// By day, currency, country and city: orders, units sold, total, returned, cancelled.
    places: Cells<(NaiveDate, u32, u32, u32), 5>,
    /// By day and currency: sums over all products, and a digest of each sum by product.
    products: Cells<(NaiveDate, u32), 10>,
}

impl Additive {
    /// Enters an event that was placed, returned or cancelled; `sign` is -1 to take it out again.
    pub(super) fn enter(&mut self, event: &TransactionEvent, names: &mut Names, sign: i64) {
        let order = &event.order;
        let day = event.event_timestamp.date_naive();
        let currency = names.number(&order.currency);
        let pieces: i64 = event
            .items
            .iter()
            .map(|item| i64::from(item.quantity))
            .sum();
        let total = order.total_amount.cents();
        let (hourly, place) = match event.event_type {
            EventType::OrderPlaced => {
                let [gross, discount, tax, shipping] = [
                    order.subtotal,
                    order.discount_amount,
                    order.tax_amount,
                    order.shipping_amount,
                ]
                .map(|amount| amount.cents());
                let method = names.number(&order.payment_method);
                self.payments
                    .add((day, currency, method), [sign, sign * total]);
                (
                    [
                        1, pieces, gross, discount, tax, shipping, total, 0, 0, 0, 0, 0, 0,
                    ],
                    [1, pieces, total, 0, 0],
                )
            }
            EventType::OrderReturned => {
                let goods = (order.subtotal - order.discount_amount).cents();
                (
                    [0, 0, 0, 0, 0, 0, 0, 1, pieces, total, goods, 0, 0],
                    [0, 0, 0, total, 0],
                )
            }
            EventType::OrderCancelled => (
                [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, total],
                [0, 0, 0, 0, total],
            ),
            EventType::OrderPaid | EventType::OrderShipped | EventType::OrderCompleted => return,
        };
        let hour = event
            .event_timestamp
            .timestamp()
            .div_euclid(SECONDS_IN_AN_HOUR);
        self.hourly.add(
            (hour, currency, event.channel),
            hourly.map(|measure| sign * measure),
        );
        let country = names.number(&event.customer.country);
        let city = names.number(&event.customer.city);
        self.places.add(
            (day, currency, country, city),
            place.map(|measure| sign * measure),
        );
    }

    /// Enters lines, whose measures have their sign already; `count` is what each counts as.
    pub(super) fn enter_lines(
        &mut self,
        day: NaiveDate,
        currency: u32,
        lines: impl Iterator<Item = TallyLine>,
        count: i64,
        names: &mut Names,
    ) {
        let mut sums = [0i64; 10];
        let mut has_lines = false;
        for line in lines {
            has_lines = true;
            let hash = names.hash(line.product);
            let measures = [count, line.quantity, line.gross, line.discount, line.cost];
            let digests = measures.map(|measure| weighted(hash, measure));
            for (sum, measure) in sums.iter_mut().zip(measures.into_iter().chain(digests)) {
                *sum = sum.wrapping_add(measure);
            }
        }
        if has_lines {
            self.products.add((day, currency), sums);
        }
    }

    /// Writes the tables.
    pub(super) fn tables(&self, names: &Names, tables: &mut BTreeMap<String, Table>) {
        let text = |number: u32| names.text(number).to_owned();
        let hourly = self.hourly.table(
            &["hour", "currency", "channel"],
            &HOURLY,
            |(hour, currency, channel)| {
                vec![
                    hour_text(*hour),
                    text(*currency),
                    channel.as_str().to_owned(),
                ]
            },
        );
        let payments = self.payments.table(
            &["day", "currency", "payment_method"],
            &["orders", "total"],
            |(day, currency, method)| vec![day.to_string(), text(*currency), text(*method)],
        );
        let places = self.places.table(
            &["day", "currency", "country", "city"],
            &["orders", "units_sold", "total", "returned", "cancelled"],
            |(day, currency, country, city)| {
                vec![
                    day.to_string(),
                    text(*currency),
                    text(*country),
                    text(*city),
                ]
            },
        );
        let products = self
            .products
            .table(&["day", "currency"], &PRODUCTS, |(day, currency)| {
                vec![day.to_string(), text(*currency)]
            });
        tables.extend([
            ("sales_hourly".to_owned(), hourly),
            ("payment_mix".to_owned(), payments),
            ("geography_sales".to_owned(), places),
            ("product_performance".to_owned(), products),
        ]);
    }
}

fn hour_text(hour: i64) -> String {
    DateTime::<Utc>::from_timestamp(hour * SECONDS_IN_AN_HOUR, 0)
        .map(|time| time.format("%Y-%m-%d %H:00").to_string())
        .unwrap_or_default()
}

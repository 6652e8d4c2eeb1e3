//! What is known of customers: what they did in each month, who ordered on a day, and which attributes they had when.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use event_contract::truth::scores::{frequency_score, monetary_score};
use event_contract::truth::table::text_hash;
use event_contract::truth::{Row, Table};
use event_contract::{Channel, EventType};

use super::history::{Histories, day_of};
use super::in_order::{Attributes, Entry};
use super::names::Names;

/// The first order of those who only sent goods back or called orders off.
const NO_ORDER: &str = "none";

/// The books of customers. Grow with customers, months and days, not with events.
#[derive(Debug, Default)]
pub(super) struct Customers {
    months: HashMap<(u32, u32, NaiveDate), Month>,
    histories: Histories<Attributes>,
    /// The day that is being entered, and who has ordered on it: currency, channel, customer.
    day: NaiveDate,
    ordered: HashSet<(u32, Channel, u32)>,
    /// By day, currency and channel: customers, and a digest of their numbers.
    by_day: BTreeMap<(NaiveDate, u32, Channel), [i64; 2]>,
}

/// What one customer did in one currency, in a month or in all.
#[derive(Debug, Clone, Copy, Default)]
struct Month {
    orders: i64,
    placed: i64,
    returned: i64,
    cancelled: i64,
    /// Times of the first and last order.
    ordered_at: Option<(i64, i64)>,
}

impl Month {
    fn net(&self) -> i64 {
        self.placed - self.returned - self.cancelled
    }

    fn add(&mut self, other: &Month) {
        self.orders += other.orders;
        self.placed += other.placed;
        self.returned += other.returned;
        self.cancelled += other.cancelled;
        self.ordered_at = match (self.ordered_at, other.ordered_at) {
            (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
            (one, other) => one.or(other),
        };
    }

    /// Orders, amounts, and the times of the first and last order, as the digests want them.
    fn text(&self) -> String {
        let Month {
            orders,
            placed,
            returned,
            cancelled,
            ordered_at,
        } = self;
        let times =
            ordered_at.map_or_else(|| "|".to_owned(), |(first, last)| format!("{first}|{last}"));
        format!("{orders}|{placed}|{returned}|{cancelled}|{times}")
    }
}

impl Customers {
    /// Enters an event; each not before the one before it.
    pub(super) fn enter(&mut self, entry: &Entry, names: &mut Names) {
        let Some(statement) = entry.customer else {
            return;
        };
        let customer = statement.customer;
        self.histories.state(
            customer,
            entry.at,
            statement.attributes,
            |customer, attributes, since| attributes_text(names, customer, attributes, since),
        );
        let day = day_of(entry.at);
        let mut done = Month::default();
        match entry.event_type {
            EventType::OrderPlaced => {
                self.enter_order(day, entry.currency, entry.channel, customer, names);
                done.orders = 1;
                done.placed = entry.total_cents;
                done.ordered_at = Some((entry.at, entry.at));
            }
            EventType::OrderReturned => done.returned = entry.total_cents,
            EventType::OrderCancelled => done.cancelled = entry.total_cents,
            EventType::OrderPaid | EventType::OrderShipped | EventType::OrderCompleted => return,
        }
        let month = day.with_day(1).unwrap_or(day);
        let key = (customer, entry.currency, month);
        self.months.entry(key).or_default().add(&done);
    }

    fn enter_order(
        &mut self,
        day: NaiveDate,
        currency: u32,
        channel: Channel,
        customer: u32,
        names: &mut Names,
    ) {
        if self.day != day {
            self.day = day;
            self.ordered.clear();
        }
        if !self.ordered.insert((currency, channel, customer)) {
            return;
        }
        let [count, digest] = self.by_day.entry((day, currency, channel)).or_default();
        *count += 1;
        *digest = digest.wrapping_add(names.hash(customer));
    }

    /// Writes the tables.
    pub(super) fn tables(self, names: &Names, tables: &mut BTreeMap<String, Table>) {
        let mut add = |name: &str, table: Table| {
            tables.insert(name.to_owned(), table);
        };
        let by_day = self.by_day.iter();
        add(
            "sales_customers",
            Table::new(
                &["day", "currency", "channel"],
                &["customers", "digest"],
                by_day.map(|((day, currency, channel), sums)| {
                    let channel = channel.as_str().to_owned();
                    let currency = names.text(*currency).to_owned();
                    Row(vec![day.to_string(), currency, channel], sums.to_vec())
                }),
            ),
        );
        let mut months: Vec<_> = self.months.into_iter().collect();
        months.sort_unstable_by_key(|(key, _)| *key);
        add("customer_months", months_table(&months, names));
        let mut books = CustomerBooks::default();
        let of_one = |one: &((u32, u32, _), _), other: &((u32, u32, _), _)| {
            (one.0.0, one.0.1) == (other.0.0, other.0.1)
        };
        for months in months.chunk_by(of_one) {
            books.enter(months, names);
        }
        books.tables(&mut add);
        let [versions, counts] = self
            .histories
            .tables("customers", |customer, attributes, since| {
                attributes_text(names, customer, attributes, since)
            });
        add("customer_versions", versions);
        add("customers_by_versions", counts);
    }
}

type MonthOfCustomer = ((u32, u32, NaiveDate), Month);

fn months_table(months: &[MonthOfCustomer], names: &Names) -> Table {
    let mut sums: BTreeMap<(NaiveDate, u32), [i64; 6]> = BTreeMap::new();
    for ((customer, currency, start), month) in months {
        let text = format!("{}|{}", names.text(*customer), month.text());
        let digest = text_hash(&text);
        let parts = [
            1,
            month.orders,
            month.placed,
            month.returned,
            month.cancelled,
            digest,
        ];
        add_to(sums.entry((*start, *currency)).or_default(), parts);
    }
    Table::new(
        &["month", "currency"],
        &[
            "customers",
            "orders",
            "placed",
            "returned",
            "cancelled",
            "digest",
        ],
        sums.into_iter().map(|((month, currency), sums)| {
            let currency = names.text(currency).to_owned();
            Row(vec![month.to_string(), currency], sums.to_vec())
        }),
    )
}

/// What follows from customers' months.
#[derive(Default)]
struct CustomerBooks {
    /// By currency and day of the first order.
    value: BTreeMap<(String, String), [i64; 7]>,
    /// By currency, day of the last order, score of frequency and of money.
    segments: BTreeMap<(String, NaiveDate, i64, i64), [i64; 3]>,
    /// By currency, month of the first order, and months since.
    cohorts: BTreeMap<(String, NaiveDate, i32), [i64; 3]>,
}

impl CustomerBooks {
    /// All months of one customer and currency.
    fn enter(&mut self, months: &[MonthOfCustomer], names: &Names) {
        let Some(((customer, currency, _), _)) = months.first() else {
            return;
        };
        let currency = names.text(*currency).to_owned();
        let mut all = Month::default();
        for (_, month) in months {
            all.add(month);
        }
        let scores = (
            frequency_score(all.orders),
            monetary_score(&currency, all.net()),
        );
        let text = format!(
            "{}|{}|{}|{}",
            names.text(*customer),
            all.text(),
            scores.0,
            scores.1
        );
        let first_day = all.ordered_at.map(|(first, _)| day_of(first));
        let since = first_day.map_or_else(|| NO_ORDER.to_owned(), |day| day.to_string());
        let parts = [
            1,
            all.orders,
            all.placed,
            all.returned,
            all.cancelled,
            all.net(),
            text_hash(&text),
        ];
        add_to(
            self.value.entry((currency.clone(), since)).or_default(),
            parts,
        );
        let (Some((_, last)), Some(first_day)) = (all.ordered_at, first_day) else {
            return;
        };
        let segment = (currency.clone(), day_of(last), scores.0, scores.1);
        add_to(
            self.segments.entry(segment).or_default(),
            [1, all.orders, all.net()],
        );
        let cohort = first_day.with_day(1).unwrap_or(first_day);
        for ((_, _, start), month) in months {
            let parts = [i64::from(month.orders > 0), month.orders, month.net()];
            let key = (currency.clone(), cohort, months_between(cohort, *start));
            add_to(self.cohorts.entry(key).or_default(), parts);
        }
    }

    fn tables(self, add: &mut impl FnMut(&str, Table)) {
        add(
            "customer_value",
            Table::new(
                &["currency", "first_order"],
                &[
                    "customers",
                    "orders",
                    "placed",
                    "returned",
                    "cancelled",
                    "net",
                    "digest",
                ],
                self.value
                    .into_iter()
                    .map(|((currency, day), sums)| Row(vec![currency, day], sums.to_vec())),
            ),
        );
        add(
            "customer_segments",
            Table::new(
                &[
                    "currency",
                    "last_order",
                    "frequency_score",
                    "monetary_score",
                ],
                &["customers", "orders", "net"],
                self.segments.into_iter().map(|(key, sums)| {
                    let (currency, day, frequency, monetary) = key;
                    let scores = [frequency, monetary].map(|score| score.to_string());
                    let [frequency, monetary] = scores;
                    Row(
                        vec![currency, day.to_string(), frequency, monetary],
                        sums.to_vec(),
                    )
                }),
            ),
        );
        add(
            "cohort_retention",
            Table::new(
                &["currency", "cohort", "months_since"],
                &["customers", "orders", "net"],
                self.cohorts
                    .into_iter()
                    .map(|((currency, month, since), sums)| {
                        Row(
                            vec![currency, month.to_string(), since.to_string()],
                            sums.to_vec(),
                        )
                    }),
            ),
        );
    }
}

fn add_to<const PARTS: usize>(sums: &mut [i64; PARTS], parts: [i64; PARTS]) {
    for (sum, part) in sums.iter_mut().zip(parts) {
        *sum = sum.wrapping_add(part);
    }
}

fn months_between(from: NaiveDate, to: NaiveDate) -> i32 {
    let months = |day: NaiveDate| day.year() * 12 + day.month0().cast_signed();
    months(to) - months(from)
}

fn attributes_text(names: &Names, customer: u32, attributes: Attributes, since: &str) -> String {
    let [id, country, city, segment] = [
        customer,
        attributes.country,
        attributes.city,
        attributes.segment,
    ]
    .map(|number| names.text(number));
    let customer_type = attributes.customer_type.as_str();
    format!("{id}|{since}{customer_type}|{country}|{city}|{segment}")
}

//! What truths tell, added up: the cells that the warehouse must hold.

use std::collections::BTreeMap;

use event_contract::truth::{Row, SalesCell, Table, Truth};
use warehouse::verify::Cell;

use super::derived;

/// Tables that follow from which customers there are, and what was stated of customers and products in which order.
const NOT_ADDABLE: [&str; 12] = [
    "sales_customers",
    "customer_months",
    "customer_value",
    "customer_scores",
    "customer_segments",
    "segments_of_customers",
    "cohort_retention",
    "new_customers",
    "customer_versions",
    "customers_by_versions",
    "product_versions",
    "products_by_versions",
];

/// Counts and digests of what was sent, of all truths together.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// By topic: records, and the digest of their bytes.
    pub(super) records: BTreeMap<String, (i64, u64)>,
    /// Good events, and the digest of their bytes.
    pub(super) events: (i64, u64),
    /// Events, orders, lines, cancelled lines, duplicates.
    pub(super) totals: [i64; 5],
    pub(super) bad: BTreeMap<String, i64>,
}

impl Sent {
    pub(super) fn of(truths: &[Truth]) -> Sent {
        let mut sent = Sent::default();
        for truth in truths {
            let (records, digest) = sent.records.entry(truth.topic.clone()).or_default();
            *records += signed(truth.records);
            *digest = digest.wrapping_add(from_hex(&truth.payload_digest));
            sent.events.0 += signed(truth.events);
            sent.events.1 = sent.events.1.wrapping_add(from_hex(&truth.event_digest));
            let totals = [
                truth.events,
                truth.orders,
                truth.lines,
                truth.cancelled_lines,
                truth.duplicates,
            ];
            for (sum, part) in sent.totals.iter_mut().zip(totals) {
                *sum += signed(part);
            }
            for (reason, count) in truth.bad.iter().filter(|(_, count)| **count > 0) {
                *sent.bad.entry(reason.clone()).or_default() += signed(*count);
            }
        }
        sent
    }
}

/// The cells of one table by key, with what their measures are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ExpectedTable {
    pub(super) measures: Vec<String>,
    pub(super) cells: BTreeMap<Vec<String>, Vec<i64>>,
}

impl ExpectedTable {
    pub(super) fn new(
        measures: &[&str],
        rows: impl IntoIterator<Item = (Vec<String>, Vec<i64>)>,
    ) -> ExpectedTable {
        let mut table = ExpectedTable {
            measures: measures.iter().map(|name| (*name).to_owned()).collect(),
            cells: BTreeMap::new(),
        };
        for (key, measures) in rows {
            table.add(key, &measures);
        }
        table
    }

    fn add(&mut self, key: Vec<String>, measures: &[i64]) {
        let sums = self
            .cells
            .entry(key)
            .or_insert_with(|| vec![0; measures.len()]);
        for (sum, part) in sums.iter_mut().zip(measures) {
            *sum = sum.wrapping_add(*part);
        }
    }

    /// How many cells were compared, and what differs: cell, and in it measure by measure. Cells in which nothing was
    /// measured are as good as none.
    pub(super) fn differences(&self, found: Vec<Cell>) -> (usize, Vec<String>) {
        let mut found: BTreeMap<_, _> = found
            .into_iter()
            .filter(|(_, measures)| !is_nothing(measures))
            .collect();
        let expected = || self.cells.iter().filter(|cell| !is_nothing(cell.1));
        let extra_cells = found.keys().filter(|key| !self.cells.contains_key(*key));
        let count = expected().count() + extra_cells.count();
        let mut differences = Vec::new();
        for (key, sent) in expected() {
            match found.remove(key) {
                Some(other) if other == *sent => {}
                Some(other) => differences.push(self.difference(key, sent, &other)),
                None => differences.push(format!("{}: found nothing", self.cell(key, sent))),
            }
        }
        let extra = found.iter().map(|(key, measures)| {
            let cell = self.cell(key, measures);
            format!("{cell}: found, and never sent")
        });
        differences.extend(extra);
        (count, differences)
    }

    fn difference(&self, key: &[String], sent: &[i64], found: &[i64]) -> String {
        let measures = self.measures.iter().zip(sent.iter().zip(found));
        let different: Vec<String> = measures
            .filter(|(_, (sent, found))| sent != found)
            .map(|(name, (sent, found))| {
                format!(
                    "{name} sent {}, found {}",
                    shown(name, *sent),
                    shown(name, *found)
                )
            })
            .collect();
        format!("{}: {}", key.join(" "), different.join("; "))
    }

    fn cell(&self, key: &[String], measures: &[i64]) -> String {
        let named = self.measures.iter().zip(measures);
        let shown: Vec<String> = named
            .filter(|(_, value)| **value != 0)
            .map(|(name, value)| format!("{name} {}", shown(name, *value)))
            .collect();
        format!("{} ({})", key.join(" "), shown.join(", "))
    }
}

fn is_nothing(measures: &[i64]) -> bool {
    measures.iter().all(|measure| *measure == 0)
}

fn shown(name: &str, value: i64) -> String {
    if name.ends_with("digest") {
        return format!("{:016x}", value.cast_unsigned());
    }
    value.to_string()
}

/// What is known of a table.
#[derive(Debug)]
pub(super) enum Knowledge {
    Told(ExpectedTable),
    /// Each truth tells, but not what they come to together.
    NotAddable,
}

/// What truths tell of each table that the warehouse can be asked for.
#[derive(Debug)]
pub(super) struct Tables(BTreeMap<&'static str, Knowledge>);

impl Tables {
    pub(super) fn get(&self, name: &str) -> Option<&Knowledge> {
        self.0.get(name)
    }

    pub(super) fn of(truths: &[Truth]) -> Tables {
        let mut tables = Tables(BTreeMap::new());
        tables.tell_cells(truths);
        tables.tell_sums(truths);
        if truths.len() > 1 {
            let not_addable = NOT_ADDABLE.map(|name| (name, Knowledge::NotAddable));
            tables.0.extend(not_addable);
        } else {
            tables.tell_customers(truths);
        }
        tables
    }

    fn tell(&mut self, name: &'static str, table: Option<ExpectedTable>) {
        if let Some(table) = table {
            self.0.insert(name, Knowledge::Told(table));
        }
    }

    fn tell_cells(&mut self, truths: &[Truth]) {
        let sales = ExpectedTable::new(
            &derived::SALES,
            truths.iter().flat_map(|truth| &truth.sales).map(sales_row),
        );
        self.tell("sales_by_day", Some(sales.clone()));
        self.tell("sales_performance", Some(derived::with_tickets(sales)));
        let categories = truths.iter().flat_map(|truth| &truth.categories);
        let categories = categories.map(|cell| {
            let key = vec![
                cell.day.to_string(),
                cell.category.clone(),
                cell.currency.clone(),
            ];
            let (gross, discount, cost) = (cell.gross_cents, cell.discount_cents, cell.cost_cents);
            let measures = [cell.lines, cell.quantity, gross, discount, cost];
            (key, derived::line_measures(measures))
        });
        self.tell(
            "item_category_performance",
            Some(ExpectedTable::new(&derived::LINES, categories)),
        );
        let products = truths.iter().flat_map(|truth| &truth.products);
        let products = products.map(|cell| {
            let key = vec![cell.product_id.clone(), cell.currency.clone()];
            let (gross, discount, cost) = (cell.gross_cents, cell.discount_cents, cell.cost_cents);
            let measures = [cell.lines, cell.quantity, gross, discount, cost];
            (key, derived::line_measures(measures))
        });
        let products = ExpectedTable::new(&derived::LINES, products);
        self.tell("products_by_day", Some(products.clone()));
        self.tell("sales_summary", Some(products));
    }

    fn tell_sums(&mut self, truths: &[Truth]) {
        for name in ["sales_hourly", "product_performance"] {
            self.tell(name, added_up(truths, name));
        }
        let payments = added_up(truths, "payment_mix");
        self.tell("payment_mix", payments.map(derived::with_shares));
        let places = added_up(truths, "geography_sales");
        self.tell("geography_sales", places.map(derived::with_net));
        // The median of two truths does not follow from the medians of each.
        if truths.len() == 1 {
            self.tell("order_funnel", added_up(truths, "order_funnel"));
        } else {
            self.0.insert("order_funnel", Knowledge::NotAddable);
        }
    }

    fn tell_customers(&mut self, truths: &[Truth]) {
        for name in [
            "customer_months",
            "customer_value",
            "customer_versions",
            "customers_by_versions",
            "product_versions",
            "products_by_versions",
        ] {
            self.tell(name, added_up(truths, name));
        }
        let members = added_up(truths, "sales_customers");
        self.tell("sales_customers", members.map(derived::with_members));
        let value = added_up(truths, "customer_value");
        self.tell("new_customers", value.as_ref().map(derived::new_customers));
        let scores = added_up(truths, "customer_segments");
        let segments = scores.as_ref().map(derived::segments);
        self.tell("customer_scores", scores);
        self.tell("customer_segments", segments.clone());
        self.tell("segments_of_customers", segments);
        let cohorts = added_up(truths, "cohort_retention");
        self.tell("cohort_retention", cohorts.map(derived::with_retention));
    }
}

/// A table of all truths together; nothing where one of them does not tell.
fn added_up(truths: &[Truth], name: &str) -> Option<ExpectedTable> {
    let tables: Vec<&Table> = truths
        .iter()
        .map(|truth| truth.tables.get(name))
        .collect::<Option<_>>()?;
    let mut sums = ExpectedTable {
        measures: tables.first()?.measures.clone(),
        ..ExpectedTable::default()
    };
    for Row(key, measures) in tables.into_iter().flat_map(|table| &table.rows) {
        sums.add(key.clone(), measures);
    }
    Some(sums)
}

fn sales_row(cell: &SalesCell) -> (Vec<String>, Vec<i64>) {
    let key = vec![
        cell.day.to_string(),
        cell.currency.clone(),
        cell.channel.clone(),
    ];
    let cost = cell.cost_cents - cell.cancelled_cost_cents;
    let net = cell.total_cents - cell.returned_cents - cell.cancelled_cents;
    let goods = cell.gross_cents
        - cell.discount_cents
        - cell.returned_goods_cents
        - cell.cancelled_goods_cents;
    let measures = vec![
        cell.orders,
        cell.units_sold,
        cell.gross_cents,
        cell.discount_cents,
        cell.tax_cents,
        cell.shipping_cents,
        cell.total_cents,
        cell.returns,
        cell.units_returned,
        cell.returned_cents,
        cell.returned_goods_cents,
        cell.cancellations,
        cell.cancelled_cents,
        cost,
        cell.cancelled_goods_cents,
        net,
        goods - cost,
    ];
    (key, measures)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn from_hex(digest: &str) -> u64 {
    u64::from_str_radix(digest, 16).unwrap_or(0)
}

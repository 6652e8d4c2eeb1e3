use std::collections::{BTreeMap, HashMap};

use chrono::{Duration, NaiveDate};
use event_contract::truth::{CategoryCell, ProductCell, SalesCell, Table};
use event_contract::{Channel, EventType, Item, TransactionEvent};

use super::additive::Additive;
use super::cancellations::{Cancellations, PlacedOrder, TakenBack};
use super::in_order::MOST_IN_FLIGHT;
use super::names::Names;
use super::ordered::OrderedBooks;

/// How many there are of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Good events.
    pub events: u64,
    /// Orders placed.
    pub orders: u64,
    /// Lines placed and returned.
    pub lines: u64,
    /// Lines of orders that were cancelled; not counted where there are no cells.
    pub cancelled_lines: u64,
}

/// The good events of a run, added up the way the gold marts do.
///
/// Grows with the hours, currencies, channels, categories, products, places and customers that occur, and with the orders
/// to which something may yet happen, not with the events.
#[derive(Debug, Default)]
pub struct Tally {
    totals: Totals,
    counts_only: bool,
    names: Names,
    cancellations: Cancellations,
    sales: HashMap<(NaiveDate, u32, Channel), SalesCell>,
    categories: HashMap<(NaiveDate, u32, u32), CategoryCell>,
    products: HashMap<(u32, u32), ProductCell>,
    additive: Additive,
    ordered: OrderedBooks,
}

impl Tally {
    /// A tally of the mock shop's events, each sent at most so long, in event time, after newer ones. The tally of
    /// [`Tally::default`] takes events in any order, and keeps a little of each to the end.
    pub fn of_shop(lateness: Duration) -> Self {
        Tally::settling(lateness, MOST_IN_FLIGHT)
    }

    pub(super) fn settling(lateness: Duration, in_flight: u64) -> Self {
        Tally {
            ordered: OrderedBooks::of_shop(lateness, in_flight),
            ..Tally::default()
        }
    }

    /// A tally without cells, for runs that write no truth: it only counts events, orders and lines.
    pub fn counts_only() -> Self {
        Tally {
            counts_only: true,
            ..Tally::default()
        }
    }

    /// Enters an event.
    pub fn add(&mut self, event: &TransactionEvent) {
        self.enter(event, 1);
        if self.counts_only {
            return;
        }
        self.ordered.push(event, &mut self.names);
        let (cancellations, names) = (&mut self.cancellations, &mut self.names);
        let taken_back = cancellations.add(event, || PlacedOrder {
            currency: names.number(&event.order.currency),
            channel: event.channel,
            lines: lines_of(names, &event.items, 1),
        });
        if let Some(taken_back) = taken_back {
            self.take_back(&taken_back, 1);
        }
    }

    /// Takes out an event that was entered before.
    pub fn subtract(&mut self, event: &TransactionEvent) {
        self.enter(event, -1);
        if !self.counts_only {
            self.ordered.remove(event);
        }
        if let Some(taken_back) = self.cancellations.subtract(event) {
            self.take_back(&taken_back, -1);
        }
    }

    /// The number of events, orders and lines.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn enter(&mut self, event: &TransactionEvent, sign: i64) {
        self.count(event, sign);
        let changes_sales = matches!(
            event.event_type,
            EventType::OrderPlaced | EventType::OrderReturned | EventType::OrderCancelled
        );
        if self.counts_only || !changes_sales {
            return;
        }
        let day = event.event_timestamp.date_naive();
        let currency = event.order.currency.as_str();
        enter_sale(self.sales_cell(currency, day, event.channel), event, sign);
        // What comes back counts against what was sold; lines are counted either way.
        let direction = if event.event_type == EventType::OrderReturned {
            -sign
        } else {
            sign
        };
        let currency = self.names.number(currency);
        let lines = lines_of(&mut self.names, &event.items, direction);
        for line in &lines {
            self.enter_line(day, currency, line, sign);
        }
        let names = &mut self.names;
        self.additive.enter(event, names, sign);
        self.additive
            .enter_lines(day, currency, lines.iter().copied(), sign, names);
    }

    /// Enters what a cancellation takes back: lines of the cancellation's day, with the opposite sign.
    fn take_back(&mut self, taken_back: &TakenBack, sign: i64) {
        let PlacedOrder {
            currency,
            channel,
            lines,
        } = &taken_back.order;
        for line in lines {
            self.enter_line(taken_back.day, *currency, &line.times(-sign), sign);
        }
        let negated = lines.iter().map(|line| line.times(-sign));
        let names = &mut self.names;
        self.additive
            .enter_lines(taken_back.day, *currency, negated, sign, names);
        let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let cancelled = self.totals.cancelled_lines;
        self.totals.cancelled_lines = cancelled.saturating_add_signed(sign * count);
        let sum = |measure: fn(&TallyLine) -> i64| lines.iter().map(measure).sum::<i64>();
        let goods = sum(|line| line.gross - line.discount);
        let cost = sum(|line| line.cost);
        let currency = self.names.text(*currency).to_owned();
        let cell = self.sales_cell(&currency, taken_back.day, *channel);
        cell.cancelled_goods_cents += sign * goods;
        cell.cancelled_cost_cents += sign * cost;
    }

    /// Enters a line into the cells of its category and product; `count` lines of it, all measured in `line`.
    fn enter_line(&mut self, day: NaiveDate, currency: u32, line: &TallyLine, count: i64) {
        let names = &self.names;
        let category = self
            .categories
            .entry((day, line.category, currency))
            .or_insert_with(|| CategoryCell {
                day,
                category: names.text(line.category).to_owned(),
                currency: names.text(currency).to_owned(),
                ..CategoryCell::default()
            });
        category.lines += count;
        category.quantity += line.quantity;
        category.gross_cents += line.gross;
        category.discount_cents += line.discount;
        category.cost_cents += line.cost;
        let product = self
            .products
            .entry((line.product, currency))
            .or_insert_with(|| ProductCell {
                product_id: names.text(line.product).to_owned(),
                currency: names.text(currency).to_owned(),
                ..ProductCell::default()
            });
        product.lines += count;
        product.quantity += line.quantity;
        product.gross_cents += line.gross;
        product.discount_cents += line.discount;
        product.cost_cents += line.cost;
    }

    fn count(&mut self, event: &TransactionEvent, sign: i64) {
        let lines = i64::try_from(event.items.len()).unwrap_or(i64::MAX);
        let orders = i64::from(event.event_type == EventType::OrderPlaced);
        self.totals.events = self.totals.events.saturating_add_signed(sign);
        self.totals.orders = self.totals.orders.saturating_add_signed(sign * orders);
        self.totals.lines = self.totals.lines.saturating_add_signed(sign * lines);
    }

    fn sales_cell(&mut self, currency: &str, day: NaiveDate, channel: Channel) -> &mut SalesCell {
        let key = (day, self.names.number(currency), channel);
        self.sales.entry(key).or_insert_with(|| SalesCell {
            day,
            currency: currency.to_owned(),
            channel: channel.as_str().to_owned(),
            ..SalesCell::default()
        })
    }

    /// The other marts and the histories, by name. To be asked for at the end: what is entered later is not in them.
    /// Without those that depend on the order of events, where that is not known any more.
    pub fn tables(&mut self) -> BTreeMap<String, Table> {
        let mut tables = BTreeMap::new();
        if !self.counts_only {
            self.additive.tables(&self.names, &mut tables);
            std::mem::take(&mut self.ordered).tables(&mut self.names, &mut tables);
        }
        tables
    }

    /// Sales by day, currency and channel, sorted so. Cells that came to nothing again are left out.
    pub fn sales(&self) -> Vec<SalesCell> {
        let mut cells: Vec<SalesCell> = self
            .sales
            .values()
            .filter(|cell| cell.orders != 0 || cell.returns != 0 || cell.cancellations != 0)
            .cloned()
            .collect();
        cells.sort_by(|one, other| {
            (one.day, &one.currency, &one.channel).cmp(&(
                other.day,
                &other.currency,
                &other.channel,
            ))
        });
        cells
    }

    /// Lines by day, category and currency, sorted so.
    pub fn categories(&self) -> Vec<CategoryCell> {
        let mut cells: Vec<CategoryCell> = self
            .categories
            .values()
            .filter(|cell| cell.lines != 0)
            .cloned()
            .collect();
        cells.sort_by(|one, other| {
            (one.day, &one.category, &one.currency).cmp(&(
                other.day,
                &other.category,
                &other.currency,
            ))
        });
        cells
    }

    /// Lines by product and currency, sorted so.
    pub fn products(&self) -> Vec<ProductCell> {
        let mut cells: Vec<ProductCell> = self
            .products
            .values()
            .filter(|cell| cell.lines != 0)
            .cloned()
            .collect();
        cells.sort_by(|one, other| {
            (&one.product_id, &one.currency).cmp(&(&other.product_id, &other.currency))
        });
        cells
    }
}

fn enter_sale(cell: &mut SalesCell, event: &TransactionEvent, sign: i64) {
    let order = &event.order;
    let (pieces, cost) = event.items.iter().fold((0, 0), |(pieces, cost), item| {
        let quantity = sign * i64::from(item.quantity);
        (pieces + quantity, cost + item.cost.cents() * quantity)
    });
    match event.event_type {
        EventType::OrderPlaced => {
            cell.orders += sign;
            cell.units_sold += pieces;
            cell.gross_cents += sign * order.subtotal.cents();
            cell.discount_cents += sign * order.discount_amount.cents();
            cell.tax_cents += sign * order.tax_amount.cents();
            cell.shipping_cents += sign * order.shipping_amount.cents();
            cell.total_cents += sign * order.total_amount.cents();
            cell.cost_cents += cost;
        }
        EventType::OrderReturned => {
            cell.returns += sign;
            cell.units_returned += pieces;
            cell.returned_cents += sign * order.total_amount.cents();
            cell.returned_goods_cents += sign * (order.subtotal - order.discount_amount).cents();
            cell.cost_cents -= cost;
        }
        EventType::OrderCancelled => {
            cell.cancellations += sign;
            cell.cancelled_cents += sign * order.total_amount.cents();
        }
        EventType::OrderPaid | EventType::OrderShipped | EventType::OrderCompleted => {}
    }
}

/// A line, with numbers for its names, and its measures with a sign. In hundredths where it is money.
#[derive(Debug, Clone, Copy)]
pub(super) struct TallyLine {
    pub(super) category: u32,
    pub(super) product: u32,
    pub(super) quantity: i64,
    pub(super) gross: i64,
    pub(super) discount: i64,
    pub(super) cost: i64,
}

impl TallyLine {
    fn times(self, sign: i64) -> TallyLine {
        TallyLine {
            quantity: self.quantity * sign,
            gross: self.gross * sign,
            discount: self.discount * sign,
            cost: self.cost * sign,
            ..self
        }
    }
}

fn lines_of(names: &mut Names, items: &[Item], sign: i64) -> Box<[TallyLine]> {
    items
        .iter()
        .map(|item| {
            let quantity = i64::from(item.quantity);
            TallyLine {
                category: names.number(&item.category),
                product: names.number(&item.id),
                quantity,
                gross: item.unit_price.cents() * quantity,
                discount: item.discount.cents(),
                cost: item.cost.cents() * quantity,
            }
            .times(sign)
        })
        .collect()
}

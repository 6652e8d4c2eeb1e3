use std::collections::HashMap;

use chrono::NaiveDate;
use event_contract::truth::{CategoryCell, ProductCell, SalesCell};
use event_contract::{Channel, EventType, Item, TransactionEvent};

use super::cancellations::{Cancellations, PlacedOrder, TakenBack};

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
/// Grows with the days, currencies, channels, categories and products that occur, and with the orders that can still be
/// cancelled, not with the events.
#[derive(Debug, Default)]
pub struct Tally {
    totals: Totals,
    counts_only: bool,
    names: Names,
    cancellations: Cancellations,
    sales: HashMap<(NaiveDate, u32, Channel), SalesCell>,
    categories: HashMap<(NaiveDate, u32, u32), CategoryCell>,
    products: HashMap<(u32, u32), ProductCell>,
}

impl Tally {
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
        let (cancellations, names) = (&mut self.cancellations, &mut self.names);
        let taken_back = cancellations.add(event, || PlacedOrder {
            currency: names.number(&event.order.currency),
            channel: event.channel,
            lines: names.lines(&event.items, 1),
        });
        if let Some(taken_back) = taken_back {
            self.take_back(&taken_back, 1);
        }
    }

    /// Takes out an event that was entered before.
    pub fn subtract(&mut self, event: &TransactionEvent) {
        self.enter(event, -1);
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
        for line in &self.names.lines(&event.items, direction) {
            self.enter_line(day, currency, line, sign);
        }
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
    category: u32,
    product: u32,
    quantity: i64,
    gross: i64,
    discount: i64,
    cost: i64,
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

/// Numbers for texts, so that cells can be looked up without copying the texts of every event.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // More than four thousand million names do not fit into memory.
        let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.to_owned(), next);
        self.texts.push(text.to_owned());
        next
    }

    fn text(&self, number: u32) -> &str {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        self.texts.get(place).map_or("", String::as_str)
    }

    fn lines(&mut self, items: &[Item], sign: i64) -> Box<[TallyLine]> {
        items
            .iter()
            .map(|item| {
                let quantity = i64::from(item.quantity);
                TallyLine {
                    category: self.number(&item.category),
                    product: self.number(&item.id),
                    quantity,
                    gross: item.unit_price.cents() * quantity,
                    discount: item.discount.cents(),
                    cost: item.cost.cents() * quantity,
                }
                .times(sign)
            })
            .collect()
    }
}

use std::collections::HashMap;

use chrono::NaiveDate;
use event_contract::truth::{CategoryCell, ProductCell, SalesCell};
use event_contract::{Channel, EventType, Item, TransactionEvent};

/// How many there are of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Good events.
    pub events: u64,
    /// Orders placed.
    pub orders: u64,
    /// Lines placed and returned.
    pub lines: u64,
}

/// The good events of a run, added up the way the gold marts do.
///
/// Grows with the days, currencies, channels, categories and products that occur, not with the events.
#[derive(Debug, Default)]
pub struct Tally {
    totals: Totals,
    counts_only: bool,
    names: Names,
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
    }

    /// Takes out an event that was entered before.
    pub fn subtract(&mut self, event: &TransactionEvent) {
        self.enter(event, -1);
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
        for item in &event.items {
            let amounts = LineAmounts::of(item, direction);
            let category = self.category_cell(&item.category, currency, day);
            category.lines += sign;
            category.quantity += amounts.quantity;
            category.gross_cents += amounts.gross;
            category.discount_cents += amounts.discount;
            category.cost_cents += amounts.cost;
            let product = self.product_cell(&item.id, currency);
            product.lines += sign;
            product.quantity += amounts.quantity;
            product.gross_cents += amounts.gross;
            product.discount_cents += amounts.discount;
            product.cost_cents += amounts.cost;
        }
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

    fn category_cell(
        &mut self,
        category: &str,
        currency: &str,
        day: NaiveDate,
    ) -> &mut CategoryCell {
        let key = (
            day,
            self.names.number(category),
            self.names.number(currency),
        );
        self.categories.entry(key).or_insert_with(|| CategoryCell {
            day,
            category: category.to_owned(),
            currency: currency.to_owned(),
            ..CategoryCell::default()
        })
    }

    fn product_cell(&mut self, product: &str, currency: &str) -> &mut ProductCell {
        let key = (self.names.number(product), self.names.number(currency));
        self.products.entry(key).or_insert_with(|| ProductCell {
            product_id: product.to_owned(),
            currency: currency.to_owned(),
            ..ProductCell::default()
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
        let amounts = LineAmounts::of(item, sign);
        (pieces + amounts.quantity, cost + amounts.cost)
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

/// The measures of a line, with a sign.
struct LineAmounts {
    quantity: i64,
    gross: i64,
    discount: i64,
    cost: i64,
}

impl LineAmounts {
    fn of(item: &Item, sign: i64) -> Self {
        let quantity = sign * i64::from(item.quantity);
        LineAmounts {
            quantity,
            gross: item.unit_price.cents() * quantity,
            discount: item.discount.cents() * sign,
            cost: item.cost.cents() * quantity,
        }
    }
}

/// Numbers for texts, so that cells can be looked up without copying the texts of every event.
#[derive(Debug, Default)]
struct Names(HashMap<String, u32>);

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.0.get(text) {
            return *number;
        }
        // More than four thousand million names do not fit into memory.
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(text.to_owned(), next);
        next
    }
}

//! Writing an event: what is known of an order, in the words of the contract.

use chrono::DateTime;
use event_contract::{
    Channel, Customer, CustomerType, EventType, Item, Money, Order, TransactionEvent,
};
use uuid::Uuid;

use super::catalog::Catalog;
use super::customers::{Buyer, write_customer_id};
use super::ids::write_transaction_id;
use super::lifecycle::{Journey, Outcome, status_after};
use super::orders::{Line, Sketch};
use super::places::Country;
use super::pricing::{Amounts, keep_returned_part};
use super::random::mix;
use super::{OpenOrder, Shop};

/// The coupons that customers of a shop with contract version 2 give.
const COUPONS: [&str; 4] = ["WELCOME10", "FRIENDS", "SPRING", "NEWSLETTER"];
/// Of the orders with a discount, one in so many has a coupon.
const ORDERS_PER_COUPON: u64 = 4;
/// Sets the draw of coupons apart from the other uses of the seed.
const COUPON_DRAWS: u64 = 0x636f_7570_6f6e_7321;

impl Shop {
    /// Writes what happens to `order` at a time, and says what will happen to it. Every field of `event` is set; the
    /// memory of its texts is used again.
    pub(super) fn write(
        &mut self,
        order: &OpenOrder,
        sketch: Sketch,
        at: i64,
        event: &mut TransactionEvent,
    ) -> Journey {
        let happening = order.next;
        let (country, city) = self.home(order, &sketch, at);
        let mut content = sketch.fill(&self.offer, country, order.placed_at, &mut self.lines);
        let mut amounts = Amounts::of_order(&self.lines, country, content.channel);
        if happening == EventType::OrderReturned {
            if content.journey.outcome == Outcome::ReturnedInPart {
                let catalog = &self.offer.catalog;
                let regret = |line: &Line| {
                    let product = catalog.product(line.product);
                    product.map_or(0, |product| product.risks.returned)
                };
                keep_returned_part(&mut self.lines, regret, &mut content.dice);
            }
            amounts = Amounts::of_return(&self.lines, &amounts);
        }

        event.event_id = self.run.event_id(at, order.number, happening as u64);
        event.event_type = happening;
        event.event_timestamp = DateTime::from_timestamp_micros(at).unwrap_or(DateTime::UNIX_EPOCH);
        write_transaction_id(&self.run_tag, order.number, &mut event.transaction_id);
        event.channel = content.channel;
        write_customer(order, country, city, &mut event.customer);
        self.write_version(at, order, amounts.discount > 0, event);
        set(&mut event.order.status, status_after(happening));
        set(&mut event.order.payment_method, content.payment.as_str());
        write_amounts(&amounts, country, &mut event.order);
        if happening.carries_items() {
            write_items(&self.lines, &self.offer.catalog, at, &mut event.items);
        } else {
            event.items.clear();
        }
        content.journey
    }

    /// The one place that tells the versions of the contract apart: the second has the customer's segment and a coupon.
    fn write_version(
        &self,
        at: i64,
        order: &OpenOrder,
        has_discount: bool,
        event: &mut TransactionEvent,
    ) {
        let is_second = self
            .settings
            .second_version_from
            .is_some_and(|from| at >= from.timestamp_micros());
        set(
            &mut event.event_version,
            if is_second { "2.0" } else { "1.0" },
        );
        let segment = match order.buyer {
            Buyer::Customer(customer) if is_second => Some(self.customers.segment(customer, at)),
            _ => None,
        };
        set_optional(&mut event.customer.segment, segment);
        let coupon = if is_second && has_discount {
            coupon_of(self.settings.seed, order.number)
        } else {
            None
        };
        set_optional(&mut event.coupon_code, coupon);
    }

    fn home(
        &self,
        order: &OpenOrder,
        sketch: &Sketch,
        at: i64,
    ) -> (&'static Country, &'static str) {
        match order.buyer {
            Buyer::Guest => sketch.guest_home(),
            Buyer::Customer(customer) => (
                self.customers.country(customer),
                self.customers.city(customer, at),
            ),
        }
    }
}

fn write_customer(order: &OpenOrder, country: &Country, city: &str, customer: &mut Customer) {
    match order.buyer {
        Buyer::Guest => customer.id = None,
        Buyer::Customer(number) => write_customer_id(number, customer.id.get_or_insert_default()),
    }
    customer.customer_type = if order.is_newcomer {
        CustomerType::New
    } else {
        CustomerType::Returning
    };
    set(&mut customer.country, country.code);
    set(&mut customer.city, city);
}

fn write_amounts(amounts: &Amounts, country: &Country, order: &mut Order) {
    set(&mut order.currency, country.currency_code());
    order.subtotal = Money::from_cents(amounts.subtotal);
    order.tax_amount = Money::from_cents(amounts.tax);
    order.shipping_amount = Money::from_cents(amounts.shipping);
    order.discount_amount = Money::from_cents(amounts.discount);
    order.total_amount = amounts.total();
}

/// `at`: when the event happens. A product is written as it is called then, also where it was bought under another name.
fn write_items(lines: &[Line], catalog: &Catalog, at: i64, items: &mut Vec<Item>) {
    items.resize_with(lines.len(), blank_item);
    for (item, line) in items.iter_mut().zip(lines) {
        let Some(product) = catalog.product(line.product) else {
            continue;
        };
        let Some(edition) = product.edition(at) else {
            continue;
        };
        set(&mut item.id, &product.id);
        set(&mut item.name, &edition.name);
        set(&mut item.category, edition.category);
        item.unit_price = line.unit_price;
        item.quantity = line.quantity;
        item.discount = line.discount;
        item.cost = line.cost;
    }
}

/// An order has the same coupon in each of its events.
fn coupon_of(seed: u64, order_number: u64) -> Option<&'static str> {
    let draw = mix(seed, order_number, COUPON_DRAWS);
    let coupons = ORDERS_PER_COUPON * COUPONS.len() as u64;
    COUPONS.get(usize::try_from(draw % coupons).ok()?).copied()
}

/// As [`set`], and uses the memory of a text that was there.
fn set_optional(text: &mut Option<String>, value: Option<&str>) {
    match value {
        Some(value) => set(text.get_or_insert_default(), value),
        None => *text = None,
    }
}

fn set(text: &mut String, value: &str) {
    text.clear();
    text.push_str(value);
}

fn blank_item() -> Item {
    Item {
        id: String::new(),
        name: String::new(),
        category: String::new(),
        unit_price: Money::ZERO,
        quantity: 1,
        discount: Money::ZERO,
        cost: Money::ZERO,
    }
}

/// An event without content, for the shop to write into.
pub fn blank_event() -> TransactionEvent {
    TransactionEvent {
        event_id: Uuid::nil(),
        event_type: EventType::OrderPlaced,
        event_version: String::new(),
        event_timestamp: DateTime::UNIX_EPOCH,
        transaction_id: String::new(),
        channel: Channel::Web,
        customer: Customer {
            id: None,
            customer_type: CustomerType::New,
            country: String::new(),
            city: String::new(),
            segment: None,
        },
        order: Order {
            status: String::new(),
            payment_method: String::new(),
            currency: String::new(),
            subtotal: Money::ZERO,
            tax_amount: Money::ZERO,
            shipping_amount: Money::ZERO,
            discount_amount: Money::ZERO,
            total_amount: Money::ZERO,
        },
        items: Vec::new(),
        coupon_code: None,
    }
}

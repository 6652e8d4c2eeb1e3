//! Random events: any that the types allow, and those that keep every rule of the contract.

use chrono::{DateTime, TimeDelta, Utc};
use event_contract::{
    Channel, Customer, CustomerType, EventType, Item, Money, Order, TransactionEvent,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::soundness::received_at;

/// Whatever the types can hold, sense or not.
pub(crate) fn any_event() -> impl Strategy<Value = TransactionEvent> {
    let head = (
        any::<u128>(),
        select(EventType::ALL),
        any_text(),
        any_time(),
        any_text(),
        select(Channel::ALL),
    );
    let customer = (
        option::of(any_text()),
        select(CustomerType::ALL),
        any_text(),
        any_text(),
        option::of(any_text()),
    );
    let order = (
        [any_text(), any_text(), any_text()],
        [
            any_money(),
            any_money(),
            any_money(),
            any_money(),
            any_money(),
        ],
    );
    let tail = (vec(any_item(), 0..4), option::of(any_text()));
    (head, customer, order, tail).prop_map(|(head, customer, order, (items, coupon_code))| {
        let (event_id, event_type, event_version, event_timestamp, transaction_id, channel) = head;
        let (id, customer_type, country, city, segment) = customer;
        let ([status, payment_method, currency], amounts) = order;
        let [
            subtotal,
            tax_amount,
            shipping_amount,
            discount_amount,
            total_amount,
        ] = amounts;
        TransactionEvent {
            event_id: Uuid::from_u128(event_id),
            event_type,
            event_version,
            event_timestamp,
            transaction_id,
            channel,
            customer: Customer {
                id,
                customer_type,
                country,
                city,
                segment,
            },
            order: Order {
                status,
                payment_method,
                currency,
                subtotal,
                tax_amount,
                shipping_amount,
                discount_amount,
                total_amount,
            },
            items,
            coupon_code,
        }
    })
}

fn any_item() -> impl Strategy<Value = Item> {
    let texts = [any_text(), any_text(), any_text()];
    (texts, any_money(), any::<i32>(), any_money(), any_money()).prop_map(
        |([id, name, category], unit_price, quantity, discount, cost)| Item {
            id,
            name,
            category,
            unit_price,
            quantity,
            discount,
            cost,
        },
    )
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ -~]{0,80}"]
}

fn any_money() -> impl Strategy<Value = Money> {
    let magnitudes = (any::<i64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift);
    prop_oneof![
        magnitudes,
        select(vec![0, -1, 127, 128, -128, -129, i64::MIN, i64::MAX])
    ]
    .prop_map(Money::from_cents)
}

fn any_time() -> impl Strategy<Value = DateTime<Utc>> {
    let earliest = DateTime::<Utc>::MIN_UTC.timestamp_micros();
    let latest = DateTime::<Utc>::MAX_UTC.timestamp_micros();
    (earliest..=latest).prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
}

/// An event that keeps every rule, judged at [`received_at`].
pub(crate) fn good_event() -> impl Strategy<Value = TransactionEvent> {
    select(EventType::ALL).prop_flat_map(|event_type| {
        let line_counts = if event_type.carries_items() {
            1..6
        } else {
            0..1
        };
        let head = (
            1..u128::MAX,
            good_time(),
            required_text(64),
            select(Channel::ALL),
        );
        let amounts = [0..100_000_i64, 0..100_000, 0..100_000];
        (
            head,
            good_customer(),
            good_order_text(),
            amounts,
            vec(good_item(), line_counts),
            option::of(required_text(64)),
        )
            .prop_map(
                move |(head, customer, order_text, amounts, items, coupon_code)| {
                    let (event_id, event_timestamp, transaction_id, channel) = head;
                    TransactionEvent {
                        event_id: Uuid::from_u128(event_id),
                        event_type,
                        event_version: "1.0".to_owned(),
                        event_timestamp,
                        transaction_id,
                        channel,
                        customer,
                        order: balanced_order(order_text, amounts, &items),
                        items,
                        coupon_code,
                    }
                },
            )
    })
}

/// An order whose amounts agree with each other and with its lines.
fn balanced_order(text: [String; 3], amounts: [i64; 3], items: &[Item]) -> Order {
    let [status, payment_method, currency] = text;
    let [tax, shipping, unlined_subtotal] = amounts;
    let (subtotal, discount) = if items.is_empty() {
        (unlined_subtotal, unlined_subtotal / 7)
    } else {
        let prices = items
            .iter()
            .map(|item| item.unit_price.cents() * i64::from(item.quantity));
        (
            prices.sum(),
            items.iter().map(|item| item.discount.cents()).sum(),
        )
    };
    Order {
        status,
        payment_method,
        currency,
        subtotal: Money::from_cents(subtotal),
        tax_amount: Money::from_cents(tax),
        shipping_amount: Money::from_cents(shipping),
        discount_amount: Money::from_cents(discount),
        total_amount: Money::from_cents(subtotal + tax + shipping - discount),
    }
}

fn good_customer() -> impl Strategy<Value = Customer> {
    let countries = select(vec!["DE", "US", "CH", "JP", "BR", "XK", "AX"]);
    (
        option::of(required_text(64)),
        select(CustomerType::ALL),
        countries,
        text(128),
        option::of(required_text(64)),
    )
        .prop_map(|(id, customer_type, country, city, segment)| Customer {
            id,
            customer_type,
            country: country.to_owned(),
            city,
            segment,
        })
}

fn good_order_text() -> impl Strategy<Value = [String; 3]> {
    let currency = select(vec!["EUR", "USD", "CHF", "JPY", "VES"]).prop_map(str::to_owned);
    (required_text(64), required_text(64), currency)
        .prop_map(|(status, payment_method, currency)| [status, payment_method, currency])
}

fn good_item() -> impl Strategy<Value = Item> {
    let prices = prop_oneof![0..100_000_i64, Just(0), Just(1_000_000_000_000)];
    let texts = (required_text(64), text(256), required_text(128));
    (texts, prices, 1..1_000_i32, 0..100_i64, any::<u32>()).prop_map(
        |((id, name, category), unit_price, quantity, discount_percent, cost)| Item {
            id,
            name,
            category,
            unit_price: Money::from_cents(unit_price),
            quantity,
            discount: Money::from_cents(unit_price * i64::from(quantity) / 100 * discount_percent),
            cost: Money::from_cents(i64::from(cost)),
        },
    )
}

fn good_time() -> impl Strategy<Value = DateTime<Utc>> {
    let earliest = "2000-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
    let latest = received_at() + TimeDelta::hours(24);
    (earliest.timestamp_micros()..=latest.timestamp_micros())
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
}

/// Printable text of any script, `\PC` being all but control, format, unassigned and private characters.
fn text(max_chars: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,24}",
        "\\PC{0,12}",
        Just("'; DROP TABLE orders; --".to_owned()),
        Just("👩‍👩‍👧‍👦".to_owned()),
        Just("\u{200F}فنجان".to_owned()),
        (0..=max_chars).prop_map(|chars| "ß".repeat(chars)),
    ]
}

fn required_text(max_chars: usize) -> impl Strategy<Value = String> {
    text(max_chars).prop_filter("not blank", |text| !text.trim().is_empty())
}

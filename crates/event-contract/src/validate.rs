//! The rules of meaning: whether a well-formed event may be loaded. See [`crate::judge`] for their order.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::codes::{is_country, is_currency};
use crate::fault::{Fault, quoted};
use crate::limits::{TextField, text_fields};
use crate::text;
use crate::{Customer, Item, Money, Order, Reason, TransactionEvent};

/// The versions of the contract that a sender may claim to have followed.
const KNOWN_VERSIONS: [&str; 2] = ["1.0", "2.0"];

/// How far a sender's clock may be ahead of ours.
const MAX_AHEAD: TimeDelta = TimeDelta::hours(24);

/// 2000-01-01T00:00:00Z in seconds since 1970.
const EARLIEST_SECOND: i64 = 946_684_800;

/// Most pieces in a line.
const MAX_QUANTITY: i32 = 1_000_000;

/// Which money identities an event must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identities {
    /// All three, to the cent.
    Exact,
    /// Only that of the total, with a tolerance of a cent for each line: the older shops' envelope, whose amounts come
    /// from floats and whose line discounts are not related to the order's.
    TotalWithinACentPerLine,
}

/// Holds an event against every rule, and gives the first breach.
pub(crate) fn validate(
    event: &TransactionEvent,
    identities: Identities,
    received_at: DateTime<Utc>,
) -> Result<(), Fault> {
    check_event_id(event)?;
    check_version(&event.event_version)?;
    check_timestamp(event.event_timestamp, received_at)?;
    text::check(&event.transaction_id, &text_fields::TRANSACTION_ID)?;
    check_customer(&event.customer)?;
    check_order(&event.order)?;
    check_presence_of_items(event)?;
    for (line, item) in event.items.iter().enumerate() {
        check_item(item).map_err(|fault| fault.in_line(line))?;
    }
    if let Some(coupon_code) = &event.coupon_code {
        text::check(coupon_code, &text_fields::COUPON_CODE)?;
    }
    match identities {
        Identities::Exact => check_identities(event),
        Identities::TotalWithinACentPerLine => {
            check_line_amounts(event)?;
            check_total(event, event.items.len() as i128)
        }
    }
}

fn check_event_id(event: &TransactionEvent) -> Result<(), Fault> {
    if event.event_id.is_nil() {
        return Err(Fault::new(Reason::BadUuid, "the nil UUID").in_field("event_id"));
    }
    Ok(())
}

fn check_version(version: &str) -> Result<(), Fault> {
    if KNOWN_VERSIONS.contains(&version) {
        return Ok(());
    }
    Err(Fault::new(
        Reason::UnknownVersion,
        format!("{} is neither 1.0 nor 2.0", quoted(version)),
    )
    .in_field("event_version"))
}

fn check_timestamp(
    event_timestamp: DateTime<Utc>,
    received_at: DateTime<Utc>,
) -> Result<(), Fault> {
    if event_timestamp.timestamp() < EARLIEST_SECOND {
        return Err(too_early(event_timestamp).in_field("event_timestamp"));
    }
    let is_future = received_at
        .checked_add_signed(MAX_AHEAD)
        .is_some_and(|latest| event_timestamp > latest);
    if is_future {
        return Err(Fault::new(
            Reason::TsFuture,
            format!("{event_timestamp} is more than 24 hours after {received_at}, when it arrived"),
        )
        .in_field("event_timestamp"));
    }
    Ok(())
}

/// No upper bound of its own: chrono ends in the year 262142, before PostgreSQL does (294276).
#[cold]
fn too_early(event_timestamp: DateTime<Utc>) -> Fault {
    let is_before_year_one =
        NaiveDate::from_ymd_opt(1, 1, 1).is_some_and(|first| event_timestamp.date_naive() < first);
    if is_before_year_one {
        return Fault::new(
            Reason::TsRange,
            format!("{event_timestamp} is before year 1"),
        );
    }
    Fault::new(
        Reason::TsTooOld,
        format!("{event_timestamp} is before 2000: is the unit microseconds?"),
    )
}

fn check_customer(customer: &Customer) -> Result<(), Fault> {
    check_optional(&customer.id, &text_fields::CUSTOMER_ID)?;
    if !is_country(&customer.country) {
        return Err(Fault::new(
            Reason::BadCountry,
            format!(
                "{} is not an ISO 3166-1 alpha-2 code",
                quoted(&customer.country)
            ),
        )
        .in_field(text_fields::CUSTOMER_COUNTRY.name));
    }
    text::check(&customer.city, &text_fields::CUSTOMER_CITY)?;
    check_optional(&customer.segment, &text_fields::CUSTOMER_SEGMENT)
}

/// Absent is fine, blank is not: an empty text in the place of null is a sender's mistake.
fn check_optional(text: &Option<String>, field: &TextField) -> Result<(), Fault> {
    match text {
        Some(text) => text::check(text, field),
        None => Ok(()),
    }
}

fn check_order(order: &Order) -> Result<(), Fault> {
    text::check(&order.status, &text_fields::ORDER_STATUS)?;
    text::check(&order.payment_method, &text_fields::ORDER_PAYMENT_METHOD)?;
    if !is_currency(&order.currency) {
        return Err(Fault::new(
            Reason::BadCurrency,
            format!(
                "{} is not the ISO 4217 code of a currency in use",
                quoted(&order.currency)
            ),
        )
        .in_field(text_fields::ORDER_CURRENCY.name));
    }
    check_amount(order.subtotal, "order.subtotal")?;
    check_amount(order.tax_amount, "order.tax_amount")?;
    check_amount(order.shipping_amount, "order.shipping_amount")?;
    check_amount(order.discount_amount, "order.discount_amount")?;
    check_amount(order.total_amount, "order.total_amount")
}

fn check_presence_of_items(event: &TransactionEvent) -> Result<(), Fault> {
    let event_type = event.event_type.as_str();
    let line_count = event.items.len();
    match (event.event_type.carries_items(), line_count) {
        (true, 0) => Err(Fault::new(
            Reason::MissingField,
            format!("items: {event_type} without lines"),
        )),
        (false, 1..) => Err(Fault::new(
            Reason::UnexpectedItems,
            format!("items: {event_type} carries none, {line_count} are there"),
        )),
        _ => Ok(()),
    }
}

fn check_item(item: &Item) -> Result<(), Fault> {
    text::check(&item.id, &text_fields::ITEM_ID)?;
    text::check(&item.name, &text_fields::ITEM_NAME)?;
    text::check(&item.category, &text_fields::ITEM_CATEGORY)?;
    check_amount(item.unit_price, "unit_price")?;
    if !(1..=MAX_QUANTITY).contains(&item.quantity) {
        return Err(Fault::new(
            Reason::QuantityRange,
            format!("{} pieces, 1 to {MAX_QUANTITY} are possible", item.quantity),
        )
        .in_field("quantity"));
    }
    check_amount(item.discount, "discount")?;
    check_amount(item.cost, "cost")
}

fn check_amount(amount: Money, field: &'static str) -> Result<(), Fault> {
    if (Money::ZERO..=Money::MAX).contains(&amount) {
        return Ok(());
    }
    let problem = if amount < Money::ZERO {
        "negative"
    } else {
        "beyond decimal(18,2)"
    };
    Err(Fault::new(Reason::AmountRange, format!("{amount} is {problem}")).in_field(field))
}

/// The three identities of the contract; of an event without lines only that of the total, since there is nothing to
/// hold the other two against.
fn check_identities(event: &TransactionEvent) -> Result<(), Fault> {
    let order = &event.order;
    if event.event_type.carries_items() {
        let line_prices = event
            .items
            .iter()
            .map(|item| wide(item.unit_price) * i128::from(item.quantity));
        check_identity(
            "order.subtotal",
            order.subtotal,
            "the lines' unit_price * quantity",
            line_prices.sum(),
        )?;
        let line_discounts = event.items.iter().map(|item| wide(item.discount));
        check_identity(
            "order.discount_amount",
            order.discount_amount,
            "the lines' discount",
            line_discounts.sum(),
        )?;
    }
    check_total(event, 0)
}

fn check_total(event: &TransactionEvent, tolerance_cents: i128) -> Result<(), Fault> {
    let order = &event.order;
    let computed = wide(order.subtotal) + wide(order.tax_amount) + wide(order.shipping_amount)
        - wide(order.discount_amount);
    if (wide(order.total_amount) - computed).abs() <= tolerance_cents {
        return Ok(());
    }
    check_identity(
        "order.total_amount",
        order.total_amount,
        "subtotal + tax_amount + shipping_amount - discount_amount",
        computed,
    )
}

/// A line's price is stored as one amount. Where the lines add up to the subtotal, that bounds it; elsewhere this does.
fn check_line_amounts(event: &TransactionEvent) -> Result<(), Fault> {
    for (line, item) in event.items.iter().enumerate() {
        if wide(item.unit_price) * i128::from(item.quantity) > wide(Money::MAX) {
            let detail = format!(
                "{} times {} is beyond decimal(18,2)",
                item.unit_price, item.quantity
            );
            let fault = Fault::new(Reason::AmountRange, detail).in_field("unit_price");
            return Err(fault.in_line(line));
        }
    }
    Ok(())
}

/// Hundredths in an integer that no sum of this contract leaves: 64 bits of amount times 32 of quantity take 96, and
/// no memory holds 2^32 lines.
fn wide(amount: Money) -> i128 {
    i128::from(amount.cents())
}

fn check_identity(
    field: &'static str,
    stated: Money,
    of_what: &'static str,
    computed: i128,
) -> Result<(), Fault> {
    if wide(stated) == computed {
        return Ok(());
    }
    Err(Fault::new(
        Reason::AmountIdentity,
        format!(
            "{stated} is stated, but {of_what} give {}",
            in_units(computed)
        ),
    )
    .in_field(field))
}

fn in_units(hundredths: i128) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let magnitude = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
}

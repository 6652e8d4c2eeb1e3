//! Reads a datum along a plan.

use uuid::Uuid;

use super::plan::{Action, AmountSlot, FieldPlan, Plan, Symbols, TextSlot, ValuePlan};
use super::skip::Skipper;
use crate::decode::{
    Decoded, Undecodable, read_event_id, read_items, read_quantity, read_text, read_timestamp,
};
use crate::fault::{Fault, quoted};
use crate::reader::Reader;
use crate::validate::Identities;
use crate::{
    Channel, Customer, CustomerType, EventType, Item, Limits, Money, Order, Reason,
    TransactionEvent,
};

/// Reads the one event that `datum` consists of.
pub(crate) fn read(datum: &[u8], plan: &Plan, limits: &Limits) -> Result<Decoded, Undecodable> {
    let mut reading = Reading {
        event: blank_event(),
        line: blank_item(),
        has_event_id: false,
        skipper: Skipper::new(&plan.skips, datum.len()),
        limits,
    };
    let mut reader = Reader::new(datum, limits.max_payload_bytes);
    let outcome = reading
        .fields(&mut reader, &plan.event)
        .and_then(|()| reader.finish());
    match outcome {
        Ok(()) => Ok(Decoded {
            event: reading.event,
            identities: Identities::Exact,
            is_canonical: false,
        }),
        Err(fault) => Err(Undecodable {
            fault,
            event_id: reading.has_event_id.then_some(reading.event.event_id),
        }),
    }
}

struct Reading<'p> {
    event: TransactionEvent,
    /// The line that is being read.
    line: Item,
    has_event_id: bool,
    skipper: Skipper<'p>,
    limits: &'p Limits,
}

impl Reading<'_> {
    fn fields(&mut self, reader: &mut Reader<'_>, fields: &[FieldPlan]) -> Result<(), Fault> {
        for field in fields {
            let action = match &field.value {
                ValuePlan::Plain(action) => action,
                ValuePlan::Union(branches) => {
                    chosen(reader, branches).map_err(|fault| fault.in_field(&field.path))?
                }
            };
            self.value(reader, action, &field.path)?;
        }
        Ok(())
    }

    fn value(&mut self, reader: &mut Reader<'_>, action: &Action, path: &str) -> Result<(), Fault> {
        let read = match action {
            // These name their fields themselves.
            Action::Record(fields) => return self.fields(reader, fields),
            Action::Items(fields) => return self.items(reader, fields),
            Action::Text(slot) => {
                let text = read_text(reader, slot.field())?;
                self.put_text(*slot, text);
                return Ok(());
            }
            Action::Null { is_optional: true } => Ok(()),
            Action::Null { is_optional: false } => Err(Fault::new(Reason::MissingField, "null")),
            Action::EventId => read_event_id(reader).map(|event_id| {
                self.event.event_id = event_id;
                self.has_event_id = true;
            }),
            Action::EventType(symbols) => symbol(reader, symbols, Reason::UnknownType)
                .map(|event_type| self.event.event_type = event_type),
            Action::Channel(symbols) => {
                symbol(reader, symbols, Reason::BadEnum).map(|channel| self.event.channel = channel)
            }
            Action::CustomerType(symbols) => symbol(reader, symbols, Reason::BadEnum)
                .map(|customer_type| self.event.customer.customer_type = customer_type),
            Action::Timestamp => {
                read_timestamp(reader).map(|time| self.event.event_timestamp = time)
            }
            Action::Quantity => read_quantity(reader).map(|quantity| self.line.quantity = quantity),
            Action::Amount(slot) => reader
                .read_amount()
                .map(|amount| *self.amount_at(*slot) = amount),
            Action::Skip(number) => self.skipper.skip(reader, *number),
        };
        read.map_err(|fault| fault.in_field(path))
    }

    fn items(&mut self, reader: &mut Reader<'_>, fields: &[FieldPlan]) -> Result<(), Fault> {
        let limits = self.limits;
        self.event.items = read_items(reader, limits, |reader| {
            self.fields(reader, fields)?;
            Ok(std::mem::replace(&mut self.line, blank_item()))
        })?;
        Ok(())
    }

    fn put_text(&mut self, slot: TextSlot, text: String) {
        let (event, line) = (&mut self.event, &mut self.line);
        match slot {
            TextSlot::EventVersion => event.event_version = text,
            TextSlot::TransactionId => event.transaction_id = text,
            TextSlot::CustomerId => event.customer.id = Some(text),
            TextSlot::CustomerCountry => event.customer.country = text,
            TextSlot::CustomerCity => event.customer.city = text,
            TextSlot::CustomerSegment => event.customer.segment = Some(text),
            TextSlot::OrderStatus => event.order.status = text,
            TextSlot::OrderPaymentMethod => event.order.payment_method = text,
            TextSlot::OrderCurrency => event.order.currency = text,
            TextSlot::ItemId => line.id = text,
            TextSlot::ItemName => line.name = text,
            TextSlot::ItemCategory => line.category = text,
            TextSlot::CouponCode => event.coupon_code = Some(text),
        }
    }

    fn amount_at(&mut self, slot: AmountSlot) -> &mut Money {
        let (order, line) = (&mut self.event.order, &mut self.line);
        match slot {
            AmountSlot::Subtotal => &mut order.subtotal,
            AmountSlot::Tax => &mut order.tax_amount,
            AmountSlot::Shipping => &mut order.shipping_amount,
            AmountSlot::Discount => &mut order.discount_amount,
            AmountSlot::Total => &mut order.total_amount,
            AmountSlot::UnitPrice => &mut line.unit_price,
            AmountSlot::LineDiscount => &mut line.discount,
            AmountSlot::Cost => &mut line.cost,
        }
    }
}

/// The branch of a union that the writer chose.
fn chosen<'p>(reader: &mut Reader<'_>, branches: &'p [Action]) -> Result<&'p Action, Fault> {
    let branch = reader.read_branch(branches.len())?;
    branches
        .get(branch)
        .ok_or_else(|| Fault::new(Reason::BadUnion, format!("branch {branch}")))
}

fn symbol<Symbol: Copy>(
    reader: &mut Reader<'_>,
    symbols: &Symbols<Symbol>,
    unknown: Reason,
) -> Result<Symbol, Fault> {
    let ordinal = reader.read_ordinal(symbols.len())?;
    match symbols.get(ordinal) {
        Some((_, Some(meaning))) => Ok(*meaning),
        Some((name, None)) => Err(Fault::new(
            unknown,
            format!("{} is not in the contract", quoted(name)),
        )),
        None => Err(Fault::new(Reason::BadEnum, format!("ordinal {ordinal}"))),
    }
}

/// What the fields are written into; a plan reads each that has no default.
fn blank_event() -> TransactionEvent {
    TransactionEvent {
        event_id: Uuid::nil(),
        event_type: EventType::OrderPlaced,
        event_version: String::new(),
        event_timestamp: chrono::DateTime::UNIX_EPOCH,
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

fn blank_item() -> Item {
    Item {
        id: String::new(),
        name: String::new(),
        category: String::new(),
        unit_price: Money::ZERO,
        quantity: 0,
        discount: Money::ZERO,
        cost: Money::ZERO,
    }
}

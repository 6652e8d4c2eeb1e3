//! What to do with each field of a writer's record.

use crate::limits::{TextField, text_fields};
use crate::{Channel, CustomerType, EventType};

use super::skip::Skips;

/// How the datums of one schema are read.
#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    /// The fields of the event's record, in the writer's order.
    pub(super) event: Vec<FieldPlan>,
    /// The types of whatever is skipped.
    pub(super) skips: Skips,
}

/// What to do with one field.
#[derive(Debug, PartialEq)]
pub(super) struct FieldPlan {
    /// The field's path, as it is named in a detail.
    pub(super) path: String,
    pub(super) value: ValuePlan,
}

#[derive(Debug, PartialEq)]
pub(super) enum ValuePlan {
    /// The writer's type is no union.
    Plain(Action),
    /// The writer's type is a union: what to do with each branch.
    Union(Vec<Action>),
}

/// What to do with a value of one type.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// There is none. Fine for an optional field.
    Null {
        is_optional: bool,
    },
    EventId,
    EventType(Symbols<EventType>),
    Channel(Symbols<Channel>),
    CustomerType(Symbols<CustomerType>),
    Timestamp,
    Quantity,
    Text(TextSlot),
    Amount(AmountSlot),
    /// The customer or the order.
    Record(Vec<FieldPlan>),
    /// The lines, each a record.
    Items(Vec<FieldPlan>),
    /// By its number in [`Plan::skips`].
    Skip(usize),
}

/// The writer's symbols, in its order, with what they mean here; nothing for one that we do not know.
pub(super) type Symbols<Symbol> = Vec<(String, Option<Symbol>)>;

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextSlot {
    EventVersion,
    TransactionId,
    CustomerId,
    CustomerCountry,
    CustomerCity,
    CustomerSegment,
    OrderStatus,
    OrderPaymentMethod,
    OrderCurrency,
    ItemId,
    ItemName,
    ItemCategory,
    CouponCode,
}

impl TextSlot {
    pub(super) const fn field(self) -> &'static TextField {
        match self {
            TextSlot::EventVersion => &text_fields::EVENT_VERSION,
            TextSlot::TransactionId => &text_fields::TRANSACTION_ID,
            TextSlot::CustomerId => &text_fields::CUSTOMER_ID,
            TextSlot::CustomerCountry => &text_fields::CUSTOMER_COUNTRY,
            TextSlot::CustomerCity => &text_fields::CUSTOMER_CITY,
            TextSlot::CustomerSegment => &text_fields::CUSTOMER_SEGMENT,
            TextSlot::OrderStatus => &text_fields::ORDER_STATUS,
            TextSlot::OrderPaymentMethod => &text_fields::ORDER_PAYMENT_METHOD,
            TextSlot::OrderCurrency => &text_fields::ORDER_CURRENCY,
            TextSlot::ItemId => &text_fields::ITEM_ID,
            TextSlot::ItemName => &text_fields::ITEM_NAME,
            TextSlot::ItemCategory => &text_fields::ITEM_CATEGORY,
            TextSlot::CouponCode => &text_fields::COUPON_CODE,
        }
    }

    /// Whether our type is a union with null, with null as its default.
    pub(super) const fn is_optional(self) -> bool {
        matches!(
            self,
            TextSlot::CustomerId | TextSlot::CustomerSegment | TextSlot::CouponCode
        )
    }
}

/// Where an amount goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AmountSlot {
    Subtotal,
    Tax,
    Shipping,
    Discount,
    Total,
    UnitPrice,
    LineDiscount,
    Cost,
}

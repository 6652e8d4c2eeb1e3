use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::Money;

/// One thing that happened to one order. The Avro record `assay.ecommerce.TransactionEvent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionEvent {
    /// Identifies the event; the key of deduplication. Version 7 from our producer, version 5 where it is derived.
    pub event_id: Uuid,
    /// What happened.
    pub event_type: EventType,
    /// The version of the contract that the sender followed: "1.0" or "2.0".
    pub event_version: String,
    /// When it happened, by the sender's clock, in whole microseconds.
    pub event_timestamp: DateTime<Utc>,
    /// The order; its events share it. At most 64 characters.
    pub transaction_id: String,
    /// Where the order was placed.
    pub channel: Channel,
    /// Who ordered, as known when the event happened.
    pub customer: Customer,
    /// The order's state and amounts. For returns: the amounts of what was returned.
    pub order: Order,
    /// The lines, for `order_placed` and `order_returned`; otherwise empty. Quantities are positive in both.
    pub items: Vec<Item>,
    /// The coupon that the customer gave, if any. At most 64 characters, never blank. From contract version 2 on.
    pub coupon_code: Option<String>,
}

/// The customer as the event saw them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The shop's customer number; absent for a guest checkout.
    pub id: Option<String>,
    /// Whether the customer has ordered before.
    pub customer_type: CustomerType,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
    /// City name in the shop's spelling.
    pub city: String,
    /// The shop's segment of customers, if any. At most 64 characters, never blank. From contract version 2 on.
    pub segment: Option<String>,
}

/// State and amounts of an order. `total = subtotal + tax + shipping - discount`, to the cent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The shop's name of the order's state, e.g. `placed`, `shipped`.
    pub status: String,
    /// The shop's name of the payment method, e.g. `credit_card`.
    pub payment_method: String,
    /// ISO 4217, upper case.
    pub currency: String,
    /// Sum over the lines of unit price times quantity.
    pub subtotal: Money,
    /// Tax on the whole order.
    pub tax_amount: Money,
    /// Shipping of the whole order.
    pub shipping_amount: Money,
    /// Sum of the lines' discounts.
    pub discount_amount: Money,
    /// What the customer pays.
    pub total_amount: Money,
}

/// One line of an order. The same product may stand in several lines of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The shop's product number.
    pub id: String,
    /// Product name.
    pub name: String,
    /// Product category.
    pub category: String,
    /// Price of one piece before discount.
    pub unit_price: Money,
    /// Pieces; at least 1.
    pub quantity: i32,
    /// Discount on the whole line.
    pub discount: Money,
    /// What one piece costs the shop.
    pub cost: Money,
}

macro_rules! symbols {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $symbol:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// All values, in the order of the schema's symbols.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The symbol on the wire and in the warehouse.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $symbol),+ }
            }

            /// The value of a symbol; nothing for one that the contract does not know.
            pub fn from_symbol(symbol: &str) -> Option<Self> {
                match symbol { $($symbol => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

symbols! {
    /// What happened to an order.
    EventType {
        /// The customer ordered. Carries every line.
        OrderPlaced = "order_placed",
        /// The payment arrived.
        OrderPaid = "order_paid",
        /// The goods left.
        OrderShipped = "order_shipped",
        /// The goods arrived, and the order is closed.
        OrderCompleted = "order_completed",
        /// Goods came back, some or all. Carries the returned lines.
        OrderReturned = "order_returned",
        /// The order was called off.
        OrderCancelled = "order_cancelled",
    }
}

symbols! {
    /// Where an order was placed.
    Channel {
        /// The web shop.
        Web = "web",
        /// The app.
        Mobile = "mobile",
        /// A till.
        InStore = "in_store",
        /// A file that was imported.
        Import = "import",
    }
}

symbols! {
    /// Whether a customer has ordered before.
    CustomerType {
        /// First order.
        New = "new",
        /// Ordered before.
        Returning = "returning",
    }
}

impl EventType {
    /// Whether events of this type carry lines.
    pub const fn carries_items(self) -> bool {
        matches!(self, EventType::OrderPlaced | EventType::OrderReturned)
    }
}

//! The bounds within which payloads are judged.

/// How large a payload and an order may be. Part of the rules: a replay must use the limits of the first judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest payload in bytes; also the longest field that may be announced. Default 1 MiB.
    pub max_payload_bytes: usize,
    /// Most lines of one order. Default 1,000.
    pub max_lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_payload_bytes: 1024 * 1024,
            max_lines: 1_000,
        }
    }
}

/// A text field of the contract: its path in an event and what it may hold.
#[derive(Debug)]
pub(crate) struct TextField {
    /// Path from the event, or from the line for a line's fields.
    pub(crate) name: &'static str,
    /// Most characters (not bytes).
    pub(crate) max_chars: usize,
    /// Whether empty or blank text counts as missing.
    pub(crate) is_required: bool,
}

impl TextField {
    const fn required(name: &'static str, max_chars: usize) -> TextField {
        TextField {
            name,
            max_chars,
            is_required: true,
        }
    }

    const fn optional(name: &'static str, max_chars: usize) -> TextField {
        TextField {
            name,
            max_chars,
            is_required: false,
        }
    }

    /// Most bytes that `max_chars` characters can take. Longer text need not be decoded to be refused.
    pub(crate) const fn max_bytes(&self) -> usize {
        self.max_chars * 4
    }
}

/// The text fields in the order of the schema. Codes have a bound too, wide enough to name a wrong one in the detail.
pub(crate) mod text_fields {
    use super::TextField;

    pub(crate) const EVENT_VERSION: TextField = TextField::required("event_version", 16);
    pub(crate) const TRANSACTION_ID: TextField = TextField::required("transaction_id", 64);
    pub(crate) const CUSTOMER_ID: TextField = TextField::required("customer.id", 64);
    pub(crate) const CUSTOMER_COUNTRY: TextField = TextField::required("customer.country", 16);
    pub(crate) const CUSTOMER_CITY: TextField = TextField::optional("customer.city", 128);
    pub(crate) const CUSTOMER_SEGMENT: TextField = TextField::required("customer.segment", 64);
    pub(crate) const ORDER_STATUS: TextField = TextField::required("order.status", 64);
    pub(crate) const ORDER_PAYMENT_METHOD: TextField =
        TextField::required("order.payment_method", 64);
    pub(crate) const ORDER_CURRENCY: TextField = TextField::required("order.currency", 16);
    pub(crate) const ITEM_ID: TextField = TextField::required("id", 64);
    pub(crate) const ITEM_NAME: TextField = TextField::optional("name", 256);
    pub(crate) const ITEM_CATEGORY: TextField = TextField::required("category", 128);
    pub(crate) const COUPON_CODE: TextField = TextField::required("coupon_code", 64);
}

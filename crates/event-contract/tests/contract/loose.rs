//! Encodings that Avro allows but our encoder never writes: padded integers, wide decimals, blocks of any kind.

use event_contract::schema::SchemaVersion;
use event_contract::{Channel, CustomerType, EventType, Item, Money, TransactionEvent};

/// Writes one event in some of its countless valid forms, in any version that holds it; `seed` chooses.
pub(crate) fn single_object(event: &TransactionEvent, seed: u64) -> Vec<u8> {
    let mut writer = LooseWriter {
        output: vec![0xC3, 0x01],
        random: seed,
    };
    let version = if writer.coin() {
        SchemaVersion::V2
    } else {
        SchemaVersion::needed_by(event)
    };
    writer.output.extend(version.fingerprint());
    writer.event(event, version);
    writer.output
}

struct LooseWriter {
    output: Vec<u8>,
    random: u64,
}

impl LooseWriter {
    fn event(&mut self, event: &TransactionEvent, version: SchemaVersion) {
        self.event_id(&event.event_id.to_string());
        self.ordinal(EventType::ALL, event.event_type);
        self.text(&event.event_version);
        self.long(event.event_timestamp.timestamp_micros());
        self.text(&event.transaction_id);
        self.ordinal(Channel::ALL, event.channel);
        self.optional_text(&event.customer.id);
        self.ordinal(CustomerType::ALL, event.customer.customer_type);
        self.text(&event.customer.country);
        self.text(&event.customer.city);
        if version == SchemaVersion::V2 {
            self.optional_text(&event.customer.segment);
        }
        let order = &event.order;
        for text in [&order.status, &order.payment_method, &order.currency] {
            self.text(text);
        }
        for amount in [
            order.subtotal,
            order.tax_amount,
            order.shipping_amount,
            order.discount_amount,
            order.total_amount,
        ] {
            self.amount(amount);
        }
        self.items(&event.items);
        if version == SchemaVersion::V2 {
            self.optional_text(&event.coupon_code);
        }
    }

    fn optional_text(&mut self, text: &Option<String>) {
        self.long(i64::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn event_id(&mut self, lower_case: &str) {
        let any_case: String = lower_case
            .chars()
            .map(|digit| {
                if self.coin() {
                    digit.to_ascii_uppercase()
                } else {
                    digit
                }
            })
            .collect();
        self.text(&any_case);
    }

    fn items(&mut self, items: &[Item]) {
        let mut rest = items;
        while !rest.is_empty() {
            let (block, after) = rest.split_at(1 + self.below(rest.len()));
            self.block(block);
            rest = after;
        }
        self.long(0);
    }

    fn block(&mut self, items: &[Item]) {
        let count = i64::try_from(items.len()).unwrap();
        if self.coin() {
            self.long(count);
            items.iter().for_each(|item| self.item(item));
            return;
        }
        let before = std::mem::take(&mut self.output);
        items.iter().for_each(|item| self.item(item));
        let block = std::mem::replace(&mut self.output, before);
        self.long(-count);
        self.long(i64::try_from(block.len()).unwrap());
        self.output.extend(block);
    }

    fn item(&mut self, item: &Item) {
        for text in [&item.id, &item.name, &item.category] {
            self.text(text);
        }
        self.amount(item.unit_price);
        self.long(i64::from(item.quantity));
        self.amount(item.discount);
        self.amount(item.cost);
    }

    fn amount(&mut self, amount: Money) {
        let wide = i128::from(amount.cents()).to_be_bytes();
        let sign = if amount < Money::ZERO { 0xFF } else { 0x00 };
        let most_redundant = (0..15)
            .take_while(|at| wide[*at] == sign && (wide[at + 1] >= 0x80) == (sign == 0xFF))
            .count();
        let start = if self.coin() {
            most_redundant
        } else {
            self.below(most_redundant + 1)
        };
        self.bytes(&wide[start..]);
    }

    fn ordinal<Symbol: PartialEq>(&mut self, symbols: &[Symbol], symbol: Symbol) {
        let ordinal = symbols.iter().position(|known| *known == symbol).unwrap();
        self.long(i64::try_from(ordinal).unwrap());
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.long(i64::try_from(bytes.len()).unwrap());
        self.output.extend_from_slice(bytes);
    }

    fn long(&mut self, value: i64) {
        let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
        let mut encoded = Vec::new();
        while rest >= 0x80 {
            encoded.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        encoded.push(rest.to_le_bytes()[0]);
        if self.below(8) == 0 {
            let padded_length = encoded.len() + self.below(11 - encoded.len());
            while encoded.len() < padded_length {
                *encoded.last_mut().unwrap() |= 0x80;
                encoded.push(0);
            }
        }
        self.output.extend(encoded);
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// A number below `bound`, by SplitMix64.
    fn below(&mut self, bound: usize) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}

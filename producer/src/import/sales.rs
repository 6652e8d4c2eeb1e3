//! The rows of a shop's own table, read through its mapping and judged.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use event_contract::{Channel, Item, Money};
use service_kit::Failure;

use super::countries::Countries;
use super::dialect::Notation;
use super::mapping::{Mapping, SourceKind, Store};
use super::orders::{Kind, OrderHead, Sale};
use super::refusal::{
    MOST_LINE_CENTS, Refusal, RefusalReason, cents_of, quantity_of, required_text, text_of, time_of,
};
use super::row::{Header, Row};
use super::uci::UNCATEGORISED;

/// The columns that a mapping finds in a header.
#[derive(Debug, Clone)]
pub struct Columns {
    order_id: usize,
    ordered_at: usize,
    product_id: usize,
    quantity: usize,
    money: MoneyColumn,
    product_name: Option<usize>,
    category: Option<usize>,
    unit_cost: Option<usize>,
    store_id: Option<usize>,
    customer_id: Option<usize>,
    country: Option<usize>,
    city: Option<usize>,
    currency: Option<usize>,
    channel: Option<usize>,
    payment_method: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
enum MoneyColumn {
    /// Of the whole line.
    Amount(usize),
    /// Of a piece.
    UnitPrice(usize),
}

impl Columns {
    /// Finds them: by the mapping's names, else by the usual ones.
    ///
    /// # Errors
    /// [`Failure::DataNotInOrder`] where one is missing that must be there, or that the mapping names.
    pub fn find(mapping: &Mapping, header: &Header) -> Result<Columns, Failure> {
        let names = &mapping.columns;
        let required = |given: &Option<String>, usual: &[&str]| match given {
            Some(name) => header.require(&[name]),
            None => header.require(usual),
        };
        let optional = |given: &Option<String>, usual: &[&str]| match given {
            Some(name) => header.require(&[name]).map(Some),
            None => Ok(header.find(usual)),
        };
        let amount = optional(&names.amount, &["sale_amount", "amount", "line_amount"])?;
        let money = match (amount, &names.unit_price) {
            (Some(column), _) => MoneyColumn::Amount(column),
            (None, given) => MoneyColumn::UnitPrice(required(given, &["unit_price", "price"])?),
        };
        Ok(Columns {
            order_id: required(&names.order_id, &["sale_id", "order_id"])?,
            ordered_at: required(
                &names.ordered_at,
                &["sale_date", "ordered_at", "order_date"],
            )?,
            product_id: required(&names.product_id, &["product_id"])?,
            quantity: required(&names.quantity, &["quantity"])?,
            money,
            product_name: optional(&names.product_name, &["product_name"])?,
            category: optional(&names.category, &["category", "product_category"])?,
            unit_cost: optional(&names.unit_cost, &["unit_cost"])?,
            store_id: optional(&names.store_id, &["store_id"])?,
            customer_id: optional(&names.customer_id, &["customer_id"])?,
            country: optional(&names.country, &["country"])?,
            city: optional(&names.city, &["city"])?,
            currency: optional(&names.currency, &["currency"])?,
            channel: optional(&names.channel, &["channel"])?,
            payment_method: optional(&names.payment_method, &["payment_method"])?,
        })
    }

    /// The column of times.
    pub fn date(&self) -> usize {
        self.ordered_at
    }

    /// The column of amounts.
    pub fn amount(&self) -> usize {
        match self.money {
            MoneyColumn::Amount(column) | MoneyColumn::UnitPrice(column) => column,
        }
    }
}

/// Judges rows.
#[derive(Debug)]
pub struct SalesJudge {
    columns: Columns,
    notation: Notation,
    now: DateTime<Utc>,
    countries: Countries,
    stores: BTreeMap<String, Store>,
    channel: Channel,
    currency: Option<String>,
    country: Option<String>,
    city: String,
    category: String,
    payment_method: String,
}

impl SalesJudge {
    /// For a source with these columns. `now` bounds how far ahead a date may be.
    ///
    /// # Errors
    /// [`Failure::Configuration`] where neither a column nor the mapping tells the currency or the country.
    pub fn new(
        mapping: &Mapping,
        kind: SourceKind,
        columns: Columns,
        notation: Notation,
        now: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        let untold = |what: &str, example: &str| {
            Failure::Configuration(format!(
                "no column tells the {what} of a sale, and the mapping does not either: add `{what} = \"{example}\"` to it"
            ))
        };
        if columns.currency.is_none() && mapping.currency.is_none() {
            return Err(untold("currency", "EUR"));
        }
        let stores_tell = columns.store_id.is_some()
            && !mapping.stores.is_empty()
            && mapping.stores.values().all(|store| store.country.is_some());
        if columns.country.is_none() && mapping.country.is_none() && !stores_tell {
            return Err(untold("country", "DE"));
        }
        let usual_channel = match kind {
            SourceKind::Store => Channel::InStore,
            SourceKind::Postgres => Channel::Web,
        };
        let channel = mapping.channel().map_err(Failure::Configuration)?;
        let or_default = |given: &Option<String>, default: &str| {
            given.clone().unwrap_or_else(|| default.to_owned())
        };
        Ok(SalesJudge {
            columns,
            notation,
            now,
            countries: Countries::default(),
            stores: mapping.stores.clone(),
            channel: channel.unwrap_or(usual_channel),
            currency: mapping.currency.clone(),
            country: mapping.country.clone(),
            city: or_default(&mapping.city, ""),
            category: or_default(&mapping.category, UNCATEGORISED),
            payment_method: or_default(&mapping.payment_method, "unknown"),
        })
    }

    /// What a row means.
    ///
    /// # Errors
    /// Why it is not sent.
    pub fn judge(&mut self, row: &Row) -> Result<Sale, Refusal> {
        let head = self.head_of(row)?;
        let columns = &self.columns;
        let quantity = quantity_of("quantity", row.field(columns.quantity), self.notation)?;
        let price = self.price_of(row, quantity)?;
        let cost = match row.optional(columns.unit_cost) {
            "" => 0,
            text => cents_of("unit_cost", text, self.notation)?,
        };
        if cost < 0 {
            return Err(Refusal::of_field(
                RefusalReason::NegativePrice,
                "unit_cost",
                row.optional(columns.unit_cost),
            ));
        }
        let product_id = required_text("product_id", row.field(columns.product_id), 64)?;
        let name = text_of("product_name", row.optional(columns.product_name), 256)?;
        let category = text_of("category", row.optional(columns.category), 128)?;
        Ok(Sale {
            head: OrderHead {
                kind: if quantity < 0 {
                    Kind::Return
                } else {
                    Kind::Sale
                },
                ..head
            },
            item: Item {
                name: if name.is_empty() {
                    product_id.clone()
                } else {
                    name
                },
                id: product_id,
                category: if category.is_empty() {
                    self.category.clone()
                } else {
                    category
                },
                unit_price: Money::from_cents(price.unit_cents),
                quantity: quantity.abs(),
                discount: Money::from_cents(price.discount_cents),
                cost: Money::from_cents(cost),
            },
        })
    }

    fn head_of(&mut self, row: &Row) -> Result<OrderHead, Refusal> {
        let columns = &self.columns;
        let store_id = text_of("store_id", row.optional(columns.store_id), 28)?;
        let number = required_text("order_id", row.field(columns.order_id), 56)?;
        // Tills number their receipts each for itself.
        let order_id = if store_id.is_empty() {
            number
        } else {
            format!("{store_id}-{number}")
        };
        let order_id = text_of("store_id and order_id", &order_id, 56)?;
        let store = self.stores.get(&store_id);
        let at = time_of(
            "ordered_at",
            row.field(columns.ordered_at),
            self.notation,
            self.now,
        )?;
        let city = first_told([
            row.optional(columns.city),
            store
                .and_then(|store| store.city.as_deref())
                .unwrap_or_default(),
            &self.city,
        ]);
        let city = text_of("city", city, 128)?;
        let named = row.optional(columns.country);
        let country_name = first_told([
            named,
            store
                .and_then(|store| store.country.as_deref())
                .unwrap_or_default(),
            self.country.as_deref().unwrap_or_default(),
        ]);
        let country = self
            .countries
            .code_of(country_name)
            .ok_or_else(|| {
                Refusal::of_field(RefusalReason::UnknownCountry, "country", country_name)
            })?
            .to_owned();
        let currency = first_told([
            row.optional(columns.currency),
            self.currency.as_deref().unwrap_or_default(),
            "",
        ]);
        let is_code =
            currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !is_code {
            return Err(Refusal::of_field(
                RefusalReason::BadCurrency,
                "currency",
                currency,
            ));
        }
        let customer = text_of("customer_id", row.optional(columns.customer_id), 64)?;
        let payment = first_told([
            row.optional(columns.payment_method),
            &self.payment_method,
            "unknown",
        ]);
        Ok(OrderHead {
            order_id,
            kind: Kind::Sale,
            at,
            customer_id: (!customer.is_empty()).then_some(customer),
            country,
            city,
            channel: channel_of(row.optional(columns.channel), self.channel)?,
            currency: currency.to_ascii_uppercase(),
            payment_method: text_of("payment_method", payment, 64)?,
        })
    }

    /// The price of a piece, and what is off the line so that it comes to its amount to the cent.
    fn price_of(&self, row: &Row, quantity: i32) -> Result<Price, Refusal> {
        let text = row.field(self.columns.amount());
        let cents = cents_of("amount", text, self.notation)?;
        let pieces = i64::from(quantity.abs());
        let price = match self.columns.money {
            MoneyColumn::UnitPrice(_) if cents < 0 => {
                return Err(Refusal::of_field(
                    RefusalReason::NegativePrice,
                    "unit_price",
                    text,
                ));
            }
            MoneyColumn::UnitPrice(_) => Price {
                unit_cents: cents,
                discount_cents: 0,
            },
            MoneyColumn::Amount(_) if cents != 0 && (cents < 0) != (quantity < 0) => {
                let detail = format!("{quantity} pieces for {}", Money::from_cents(cents));
                return Err(Refusal::new(RefusalReason::SignMismatch, detail));
            }
            MoneyColumn::Amount(_) => Price::of_line(cents.abs(), pieces),
        };
        let line = price.unit_cents.checked_mul(pieces);
        if line.is_none_or(|line| line > MOST_LINE_CENTS) {
            return Err(Refusal::of_field(
                RefusalReason::AmountRange,
                "amount",
                text,
            ));
        }
        Ok(price)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Price {
    unit_cents: i64,
    discount_cents: i64,
}

impl Price {
    /// Three pieces for 10.00 are three of 3.34, with 0.02 off.
    fn of_line(cents: i64, pieces: i64) -> Price {
        let unit_cents = cents / pieces + i64::from(cents % pieces != 0);
        Price {
            unit_cents,
            discount_cents: unit_cents.saturating_mul(pieces) - cents,
        }
    }
}

fn first_told(candidates: [&str; 3]) -> &str {
    candidates
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

fn channel_of(text: &str, usual: Channel) -> Result<Channel, Refusal> {
    if text.is_empty() {
        return Ok(usual);
    }
    let symbol = text.to_lowercase().replace([' ', '-'], "_");
    Channel::from_symbol(&symbol)
        .ok_or_else(|| Refusal::of_field(RefusalReason::BadChannel, "channel", text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::numbers::DecimalMark;

    const HEADER: [&str; 7] = [
        "sale_id",
        "sale_date",
        "product_id",
        "product_name",
        "quantity",
        "sale_amount",
        "store_id",
    ];

    fn judge(changes: &[(&str, &str)]) -> Result<Sale, Refusal> {
        let mapping = Mapping::parse("currency = \"EUR\"\ncountry = \"AT\"\nstores.S1 = { country = \"DE\", city = \"Berlin\" }").unwrap();
        let header = Header::new(HEADER.map(str::to_owned).to_vec());
        let notation = Notation {
            decimal: DecimalMark::Point,
            date_order: None,
        };
        let columns = Columns::find(&mapping, &header).unwrap();
        let mut fields =
            ["1001", "2024-05-01 10:00", "P1", "Soap", "3", "10.00", "S1"].map(str::to_owned);
        for (column, value) in changes {
            fields[HEADER.iter().position(|name| name == column).unwrap()] = (*value).to_owned();
        }
        let row = Row {
            fields: fields.to_vec(),
            ..Row::default()
        };
        SalesJudge::new(&mapping, SourceKind::Store, columns, notation, Utc::now())
            .unwrap()
            .judge(&row)
    }

    #[test]
    fn a_line_comes_to_its_amount_to_the_cent() {
        let sale = judge(&[]).unwrap();
        assert_eq!(sale.head.order_id, "S1-1001");
        assert_eq!(
            (sale.head.country.as_str(), sale.head.city.as_str()),
            ("DE", "Berlin")
        );
        assert_eq!(sale.head.channel, Channel::InStore);
        let gross = sale
            .item
            .unit_price
            .checked_times(sale.item.quantity)
            .unwrap();
        assert_eq!(gross - sale.item.discount, Money::from_cents(1_000));
        for (cents, pieces) in [
            (1_000, 3),
            (999, 1_000_000),
            (0, 7),
            (1, 1),
            (MOST_LINE_CENTS, 999_999),
        ] {
            let price = Price::of_line(cents, pieces);
            assert_eq!(price.unit_cents * pieces - price.discount_cents, cents);
            assert!(price.discount_cents >= 0 && price.discount_cents < pieces);
        }
    }

    #[test]
    fn what_comes_back_is_a_return_with_positive_pieces() {
        let sale = judge(&[("quantity", "-3"), ("sale_amount", "-10.00")]).unwrap();
        assert_eq!((sale.head.kind, sale.item.quantity), (Kind::Return, 3));
        assert_eq!(
            judge(&[("store_id", "S9")]).unwrap().head.country,
            "AT",
            "a store that the mapping does not know"
        );
    }

    #[test]
    fn what_is_refused_and_why() {
        use RefusalReason as R;
        for (column, value, reason) in [
            ("quantity", "-3", R::SignMismatch),
            ("quantity", "0", R::ZeroQuantity),
            ("sale_amount", "-1", R::SignMismatch),
            ("sale_amount", "ten", R::BadAmount),
            ("sale_amount", "1.005", R::AmountPrecision),
            ("sale_date", "1/2/2024", R::BadDate),
            ("sale_id", "", R::MissingField),
            ("product_id", " ", R::MissingField),
            (
                "store_id",
                "a store whose number is far too long",
                R::FieldTooLong,
            ),
        ] {
            assert_eq!(
                judge(&[(column, value)]).map_err(|refusal| refusal.reason),
                Err(reason),
                "{column} {value}"
            );
        }
    }

    #[test]
    fn what_nothing_tells_is_asked_for() {
        let header = Header::new(HEADER.map(str::to_owned).to_vec());
        let notation = Notation {
            decimal: DecimalMark::Point,
            date_order: None,
        };
        for (text, missing) in [
            ("country = \"DE\"", "currency"),
            ("currency = \"EUR\"", "country"),
        ] {
            let mapping = Mapping::parse(text).unwrap();
            let columns = Columns::find(&mapping, &header).unwrap();
            let failure =
                SalesJudge::new(&mapping, SourceKind::Store, columns, notation, Utc::now())
                    .unwrap_err();
            assert_eq!(failure.exit_code(), 3);
            assert!(failure.to_string().contains(missing), "{failure}");
        }
        let mapping = Mapping::parse("[columns]\nproduct_name = \"Artikel\"").unwrap();
        assert_eq!(Columns::find(&mapping, &header).unwrap_err().exit_code(), 5);
    }
}

//! The rows of the UCI Online Retail data, judged: what each means, or why it is not sent. See docs/IMPORT.md for the
//! rules and their reasons.

use chrono::{DateTime, Utc};
use event_contract::{Channel, Item, Money};
use service_kit::Failure;

use super::countries::Countries;
use super::dialect::Notation;
use super::orders::{Kind, OrderHead, Sale};
use super::refusal::{
    MOST_LINE_CENTS, Refusal, RefusalReason, cents_of, quantity_of, required_text, text_of, time_of,
};
use super::row::{Header, Row};

/// The category of what is charged and is no product.
pub const CHARGES: &str = "Charges & fees";

/// The category of products, since the file has none.
pub const UNCATEGORISED: &str = "Uncategorised";

/// Names of the columns in both editions of the data.
pub const INVOICE: &[&str] = &["InvoiceNo", "Invoice"];
/// Product.
pub const STOCK_CODE: &[&str] = &["StockCode"];
/// Product name.
pub const DESCRIPTION: &[&str] = &["Description"];
/// Pieces.
pub const QUANTITY: &[&str] = &["Quantity"];
/// Time.
pub const INVOICE_DATE: &[&str] = &["InvoiceDate"];
/// Price of a piece.
pub const UNIT_PRICE: &[&str] = &["UnitPrice", "Price"];
/// Customer.
pub const CUSTOMER: &[&str] = &["CustomerID"];
/// Country.
pub const COUNTRY: &[&str] = &["Country"];

/// All of them.
pub const COLUMNS: [&[&str]; 8] = [
    INVOICE,
    STOCK_CODE,
    DESCRIPTION,
    QUANTITY,
    INVOICE_DATE,
    UNIT_PRICE,
    CUSTOMER,
    COUNTRY,
];

/// Stock codes of what is charged and is no product; compared without case.
const CHARGE_CODES: [&str; 14] = [
    "ADJUST",
    "ADJUST2",
    "AMAZONFEE",
    "B",
    "BANK CHARGES",
    "C2",
    "C3",
    "CRUK",
    "D",
    "DOT",
    "M",
    "PADS",
    "POST",
    "S",
];

/// What the user settles about a file.
#[derive(Debug, Clone)]
pub struct UciSettings {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Category of products.
    pub category: String,
    /// Country of rows whose country is none.
    pub unknown_country: Option<String>,
}

/// Judges rows.
#[derive(Debug)]
pub struct UciJudge {
    settings: UciSettings,
    notation: Notation,
    now: DateTime<Utc>,
    countries: Countries,
    columns: Columns,
}

#[derive(Debug)]
struct Columns {
    invoice: usize,
    stock_code: usize,
    description: usize,
    quantity: usize,
    date: usize,
    price: usize,
    customer: usize,
    country: usize,
}

impl UciJudge {
    /// For a file with this header. `now` bounds how far ahead a date may be.
    ///
    /// # Errors
    /// Where a column is missing.
    pub fn new(
        settings: UciSettings,
        header: &Header,
        notation: Notation,
        now: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        let columns = Columns {
            invoice: header.require(INVOICE)?,
            stock_code: header.require(STOCK_CODE)?,
            description: header.require(DESCRIPTION)?,
            quantity: header.require(QUANTITY)?,
            date: header.require(INVOICE_DATE)?,
            price: header.require(UNIT_PRICE)?,
            customer: header.require(CUSTOMER)?,
            country: header.require(COUNTRY)?,
        };
        Ok(UciJudge {
            countries: Countries::new(settings.unknown_country.clone()),
            settings,
            notation,
            now,
            columns,
        })
    }

    /// What a row means.
    ///
    /// # Errors
    /// Why it is not sent.
    pub fn judge(&mut self, row: &Row) -> Result<Sale, Refusal> {
        let columns = &self.columns;
        let invoice = required_text("InvoiceNo", row.field(columns.invoice), 56)?;
        let kind = kind_of(&invoice)?;
        let quantity = signed_quantity(kind, row.field(columns.quantity), self.notation)?;
        let price = cents_of("UnitPrice", row.field(columns.price), self.notation)?;
        let customer = customer_of(row.field(columns.customer))?;
        check_price(price, quantity, customer.as_deref())?;
        let at = time_of(
            "InvoiceDate",
            row.field(columns.date),
            self.notation,
            self.now,
        )?;
        let country_name = row.field(columns.country);
        let country = self
            .countries
            .code_of(country_name)
            .ok_or_else(|| {
                Refusal::of_field(RefusalReason::UnknownCountry, "Country", country_name)
            })?
            .to_owned();
        let stock_code = required_text("StockCode", row.field(columns.stock_code), 64)?;
        let description = text_of("Description", row.field(columns.description), 256)?;
        let is_charge = is_charge(&stock_code);
        Ok(Sale {
            head: OrderHead {
                order_id: invoice,
                kind,
                at,
                customer_id: customer,
                country,
                city: String::new(),
                channel: Channel::Import,
                currency: self.settings.currency.clone(),
                payment_method: "unknown".to_owned(),
            },
            item: Item {
                name: if description.is_empty() {
                    stock_code.clone()
                } else {
                    description
                },
                id: stock_code,
                category: if is_charge {
                    CHARGES.to_owned()
                } else {
                    self.settings.category.clone()
                },
                unit_price: Money::from_cents(price),
                quantity,
                discount: Money::ZERO,
                cost: Money::ZERO,
            },
        })
    }
}

fn is_charge(stock_code: &str) -> bool {
    CHARGE_CODES
        .iter()
        .any(|code| code.eq_ignore_ascii_case(stock_code))
}

fn kind_of(invoice: &str) -> Result<Kind, Refusal> {
    match invoice.chars().next() {
        Some('C' | 'c') => Ok(Kind::Return),
        Some('A' | 'a') => Err(Refusal::of_field(
            RefusalReason::Bookkeeping,
            "InvoiceNo",
            invoice,
        )),
        _ => Ok(Kind::Sale),
    }
}

/// The pieces, positive for sale and return alike.
fn signed_quantity(kind: Kind, text: &str, notation: Notation) -> Result<i32, Refusal> {
    let quantity = quantity_of("Quantity", text, notation)?;
    match kind {
        Kind::Sale if quantity < 0 => Err(Refusal::of_field(
            RefusalReason::NegativeQuantity,
            "Quantity",
            text,
        )),
        Kind::Return if quantity > 0 => Err(Refusal::of_field(
            RefusalReason::PositiveReturn,
            "Quantity",
            text,
        )),
        Kind::Sale => Ok(quantity),
        Kind::Return => Ok(-quantity),
    }
}

fn check_price(cents: i64, quantity: i32, customer: Option<&str>) -> Result<(), Refusal> {
    if cents < 0 {
        return Err(Refusal::new(
            RefusalReason::NegativePrice,
            format!("UnitPrice: {}", Money::from_cents(cents)),
        ));
    }
    if cents == 0 && customer.is_none() {
        return Err(Refusal::new(
            RefusalReason::ZeroPrice,
            "UnitPrice: 0 and no CustomerID",
        ));
    }
    let line = cents.checked_mul(i64::from(quantity));
    if line.is_none_or(|line| line > MOST_LINE_CENTS) {
        return Err(Refusal::new(
            RefusalReason::AmountRange,
            format!("{quantity} pieces of {}", Money::from_cents(cents)),
        ));
    }
    Ok(())
}

/// Spreadsheets write the number 17850 as `17850.0` where other rows have none.
fn customer_of(text: &str) -> Result<Option<String>, Refusal> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    if text.is_empty() {
        return Ok(None);
    }
    text_of("CustomerID", text, 64).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::dates::DateOrder;
    use crate::import::numbers::DecimalMark;

    const HEADER: [&str; 8] = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ];

    fn judge(changes: &[(&str, &str)]) -> Result<Sale, Refusal> {
        let header = Header::new(HEADER.map(str::to_owned).to_vec());
        let notation = Notation {
            decimal: DecimalMark::Point,
            date_order: Some(DateOrder::Mdy),
        };
        let settings = UciSettings {
            currency: "GBP".to_owned(),
            category: UNCATEGORISED.to_owned(),
            unknown_country: None,
        };
        let mut fields = [
            "536365",
            "85123A",
            "T-LIGHT",
            "6",
            "12/1/2010 8:26",
            "2.55",
            "17850",
            "United Kingdom",
        ]
        .map(str::to_owned);
        for (column, value) in changes {
            fields[HEADER.iter().position(|name| name == column).unwrap()] = (*value).to_owned();
        }
        let row = Row {
            fields: fields.to_vec(),
            ..Row::default()
        };
        UciJudge::new(settings, &header, notation, Utc::now())
            .unwrap()
            .judge(&row)
    }

    #[test]
    fn sales_returns_charges_and_guests() {
        let sale = judge(&[]).unwrap();
        assert_eq!(sale.head.kind, Kind::Sale);
        assert_eq!(
            (sale.head.country.as_str(), sale.item.category.as_str()),
            ("GB", UNCATEGORISED)
        );
        assert_eq!(
            (sale.item.quantity, sale.item.unit_price),
            (6, Money::from_cents(255))
        );
        let returned = judge(&[("InvoiceNo", "C536379"), ("Quantity", "-2")]).unwrap();
        assert_eq!(
            (returned.head.kind, returned.item.quantity),
            (Kind::Return, 2)
        );
        for code in ["POST", "m", "BANK CHARGES", "AmazonFee", "C2"] {
            assert_eq!(
                judge(&[("StockCode", code)]).unwrap().item.category,
                CHARGES,
                "{code}"
            );
        }
        assert_eq!(judge(&[("CustomerID", "")]).unwrap().head.customer_id, None);
        assert_eq!(
            judge(&[("CustomerID", "17850.0")])
                .unwrap()
                .head
                .customer_id
                .as_deref(),
            Some("17850")
        );
        assert_eq!(judge(&[("Description", " ")]).unwrap().item.name, "85123A");
        assert_eq!(
            judge(&[("UnitPrice", "0")]).unwrap().item.unit_price,
            Money::ZERO,
            "a gift to a customer"
        );
    }

    #[test]
    fn what_is_refused_and_why() {
        use RefusalReason as R;
        let cases: &[(&[(&str, &str)], R)] = &[
            (&[("InvoiceNo", "")], R::MissingField),
            (&[("InvoiceNo", "A563185")], R::Bookkeeping),
            (&[("Quantity", "-10")], R::NegativeQuantity),
            (&[("Quantity", "0")], R::ZeroQuantity),
            (&[("Quantity", "1.5")], R::BadQuantity),
            (&[("Quantity", "many")], R::BadQuantity),
            (&[("Quantity", "1000001")], R::QuantityRange),
            (&[("Quantity", "-99999999999999999999")], R::QuantityRange),
            (&[("InvoiceNo", "C536379")], R::PositiveReturn),
            (&[("UnitPrice", "0"), ("CustomerID", "")], R::ZeroPrice),
            (&[("UnitPrice", "-11062.06")], R::NegativePrice),
            (&[("UnitPrice", "0.001")], R::AmountPrecision),
            (&[("UnitPrice", "2,55")], R::BadAmount),
            (
                &[("UnitPrice", "9999999999999"), ("Quantity", "1000000")],
                R::AmountRange,
            ),
            (&[("InvoiceDate", "13/13/2010")], R::BadDate),
            (&[("InvoiceDate", "12/1/1999 8:26")], R::DateRange),
            (&[("InvoiceDate", "12/1/2999 8:26")], R::DateRange),
            (&[("Country", "Unspecified")], R::UnknownCountry),
            (&[("StockCode", "")], R::MissingField),
            (&[("Description", "a\u{1b}[31m")], R::ControlChar),
            (&[("CustomerID", "\u{202E}17850")], R::ControlChar),
        ];
        for (changes, reason) in cases {
            assert_eq!(
                judge(changes).map_err(|refusal| refusal.reason),
                Err(*reason),
                "{changes:?}"
            );
        }
        assert_eq!(
            judge(&[("StockCode", &"x".repeat(65))]).unwrap_err().reason,
            R::FieldTooLong
        );
    }
}

//! A truth file as people read it: totals, and sales by currency.

use std::collections::BTreeMap;
use std::fmt::Write;

use event_contract::Money;
use event_contract::truth::{SalesCell, Truth};

use crate::summary::grouped;

/// The table, without a line break at its end.
pub fn table(truth: &Truth) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<24} {value:>26}");
    };
    row("topic", &truth.topic);
    row("seed", &truth.seed.to_string());
    row("records", &grouped(truth.records));
    row("payload digest", &truth.payload_digest);
    row("events", &grouped(truth.events));
    row("orders", &grouped(truth.orders));
    row("lines", &grouped(truth.lines));
    row("cancelled lines", &grouped(truth.cancelled_lines));
    row("duplicates", &grouped(truth.duplicates));
    row("bad records", &grouped(truth.bad.values().sum()));
    for (reason, count) in &truth.bad {
        row(&format!("  {reason}"), &grouped(*count));
    }
    let days: Vec<_> = truth.sales.iter().map(|cell| cell.day).collect();
    if let (Some(first), Some(last)) = (days.iter().min(), days.iter().max()) {
        row("first day", &first.to_string());
        row("last day", &last.to_string());
    }
    append_sales(truth, &mut text);
    let _ = write!(text, "\nseal matches: {}", truth.seal);
    text
}

fn append_sales(truth: &Truth, text: &mut String) {
    let _ = writeln!(
        text,
        "\n{:<9}{:>12}{:>18}{:>16}{:>16}{:>18}{:>16}{:>16}",
        "currency", "orders", "gross", "discount", "tax", "total", "returned", "cancelled"
    );
    let mut by_currency: BTreeMap<&str, Sums> = BTreeMap::new();
    for cell in &truth.sales {
        by_currency.entry(&cell.currency).or_default().add(cell);
    }
    for (currency, sums) in by_currency {
        let [gross, discount, tax, total, returned, cancelled] = sums.cents.map(money);
        let _ = writeln!(
            text,
            "{currency:<9}{:>12}{gross:>18}{discount:>16}{tax:>16}{total:>18}{returned:>16}{cancelled:>16}",
            sums.orders
        );
    }
}

#[derive(Default)]
struct Sums {
    orders: i64,
    /// Gross, discount, tax, total, returned, cancelled; wide, since they add up over all days.
    cents: [i128; 6],
}

impl Sums {
    fn add(&mut self, cell: &SalesCell) {
        self.orders += cell.orders;
        let amounts = [
            cell.gross_cents,
            cell.discount_cents,
            cell.tax_cents,
            cell.total_cents,
            cell.returned_cents,
            cell.cancelled_cents,
        ];
        for (sum, amount) in self.cents.iter_mut().zip(amounts) {
            *sum += i128::from(amount);
        }
    }
}

fn money(cents: i128) -> String {
    i64::try_from(cents).map_or_else(
        |_| format!("{} cents", cents),
        |cents| Money::from_cents(cents).to_string(),
    )
}

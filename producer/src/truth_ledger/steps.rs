//! How many orders took each step on each day, and how long it took them since the step before.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use event_contract::EventType;
use event_contract::truth::table::{text_hash, weighted};
use event_contract::truth::{Row, Table};

use super::history::day_of;
use super::in_order::Entry;

/// At most so many orders are remembered, some 50 bytes each, for what may yet happen to them.
const MOST_ORDERS: usize = 3_000_000;

/// Where there are more, those are forgotten to which nothing happened for so long. Should something happen to one of
/// them after all, no steps are told.
const FORGOTTEN_AFTER_MICROS: i64 = 60 * 86_400 * 1_000_000;

/// The minutes of a first step, and the median where nothing was timed.
const NOT_TIMED: i64 = -1;

/// The books of orders' steps. Grow with days and minutes, and with the orders to which something may yet happen.
#[derive(Debug, Default)]
pub(super) struct Steps {
    orders: HashMap<u64, Order>,
    /// Whether the mock shop's orders: nothing happens to them after they came back or were called off.
    ends_are_final: bool,
    /// By day and step, the minutes since the step before.
    taken: HashMap<(NaiveDate, EventType, i32), i64>,
    has_forgotten: bool,
    has_lost_orders: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Order {
    last_at: i64,
    /// A bit for each type of event.
    reached: u8,
}

impl Steps {
    /// For the orders of the mock shop, to which nothing happens after they came back or were called off.
    pub(super) fn of_shop() -> Self {
        Steps {
            ends_are_final: true,
            ..Steps::default()
        }
    }

    /// Enters an event; each not before the one before it. Of equal time, those come first that orders go through first.
    pub(super) fn enter(&mut self, entry: &Entry) {
        let bit = 1 << (entry.event_type as u8);
        let order = self.orders.entry(entry.order).or_default();
        if order.reached & bit != 0 {
            return;
        }
        let is_first = order.reached == 0;
        self.has_lost_orders |=
            is_first && self.has_forgotten && entry.event_type != EventType::OrderPlaced;
        let minutes = if is_first {
            NOT_TIMED
        } else {
            (entry.at - order.last_at) / 1_000_000 / 60
        };
        order.reached |= bit;
        order.last_at = entry.at;
        let minutes = i32::try_from(minutes).unwrap_or(i32::MAX);
        let step = (day_of(entry.at), entry.event_type, minutes);
        *self.taken.entry(step).or_default() += 1;
        let is_end = matches!(
            entry.event_type,
            EventType::OrderReturned | EventType::OrderCancelled
        );
        if self.ends_are_final && is_end {
            self.orders.remove(&entry.order);
        }
        if self.ends_are_final && self.orders.len() > MOST_ORDERS {
            self.forget(entry.at);
        }
    }

    fn forget(&mut self, now: i64) {
        self.has_forgotten = true;
        self.orders
            .retain(|_, order| order.last_at > now - FORGOTTEN_AFTER_MICROS);
        // Still many: then all of the latest, too, rather than look through them with every event.
        if self.orders.len() > MOST_ORDERS / 2 {
            self.orders.clear();
        }
    }

    /// Writes the table, unless there were more orders than could be remembered.
    pub(super) fn table(self, tables: &mut BTreeMap<String, Table>) {
        if self.has_lost_orders {
            return;
        }
        let mut funnel: BTreeMap<(NaiveDate, EventType), BTreeMap<i64, i64>> = BTreeMap::new();
        for ((day, step, minutes), orders) in self.taken {
            let times = funnel.entry((day, step)).or_default();
            *times.entry(i64::from(minutes)).or_default() += orders;
        }
        let rows = funnel.into_iter().map(|((day, step), times)| {
            let step = step.as_str().trim_start_matches("order_").to_owned();
            Row(vec![day.to_string(), step], measures(&times))
        });
        let table = Table::new(
            &["day", "step"],
            &[
                "orders",
                "timed_orders",
                "median_minutes",
                "minutes_digest",
                "hours_digest",
            ],
            rows,
        );
        tables.insert("order_funnel".to_owned(), table);
    }
}

fn measures(times: &BTreeMap<i64, i64>) -> Vec<i64> {
    let orders = times.values().sum();
    let timed = || {
        let timed = times.iter().filter(|(minutes, _)| **minutes != NOT_TIMED);
        timed.map(|(minutes, orders)| (*minutes, *orders))
    };
    let timed_orders: i64 = timed().map(|(_, orders)| orders).sum();
    let digest = |unit: i64| {
        timed()
            .map(|(minutes, orders)| weighted(text_hash(&(minutes / unit).to_string()), orders))
            .fold(0i64, i64::wrapping_add)
    };
    vec![
        orders,
        timed_orders,
        median(timed(), timed_orders),
        digest(1),
        digest(60),
    ]
}

/// The fewest minutes that at least half of the orders needed no more than.
fn median(times: impl Iterator<Item = (i64, i64)>, orders: i64) -> i64 {
    let mut so_far = 0;
    for (minutes, count) in times {
        so_far += count;
        if so_far * 2 >= orders {
            return minutes;
        }
    }
    NOT_TIMED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_reached_by_half_of_the_orders() {
        let of = |times: &[(i64, i64)]| {
            median(
                times.iter().copied(),
                times.iter().map(|(_, count)| count).sum(),
            )
        };
        assert_eq!(of(&[]), NOT_TIMED);
        assert_eq!(of(&[(3, 1), (9, 1)]), 3);
        assert_eq!(of(&[(3, 1), (9, 2)]), 9);
    }
}

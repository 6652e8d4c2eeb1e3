//! The mock shop: a pure, seeded generator of transaction events.
//!
//! A [`Shop`] yields one event after the other, in the order of event time. In the *past* ([`Shop::plan_past`],
//! [`Shop::next_past`]) orders come in the rhythm of days and weeks and live through real delays; *live*
//! ([`Shop::next_live`]) the caller says what time it is, each call yields exactly one event of that time, and orders
//! live through their stages within minutes.
//!
//! Nothing here knows of Kafka, files or the wall clock. Memory is bounded: products are a table, customers and the
//! content of orders are derived from their number, and at most [`MOST_OPEN_ORDERS`] orders of 40 bytes are open.

mod brands;
mod calendar;
mod catalog;
mod customers;
mod ids;
mod kinds;
mod lifecycle;
mod orders;
mod payments;
mod places;
mod pricing;
pub(crate) mod random;
mod rhythm;
mod settings;
mod writing;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, Duration, Utc};
use event_contract::{EventType, TransactionEvent};

use calendar::Calendar;
pub use calendar::{Rush, day_of_rush};
use catalog::Catalog;
use customers::{Buyer, Customers};
pub(crate) use ids::RunKey;
use lifecycle::{Journey, MEAN_SECONDS_TO_COMPLETION};
use orders::{Line, LineCounts, Offer, Sketch, choose_buyer};
use random::{lower_bits, mix};
use rhythm::Rhythm;
pub use settings::{SettingsError, ShopSettings};
pub use writing::blank_event;

/// At most so many orders are open; beyond that the shop finishes the earliest before it takes another.
pub const MOST_OPEN_ORDERS: usize = 500_000;

/// A past that is shorter than this goes through the stages of its orders faster, in proportion.
const UNHURRIED_PAST_SECONDS: f64 = 24.0 * 86_400.0;

/// How long a live order takes from placing to completion on average: short enough to be watched.
const LIVE_SECONDS_TO_COMPLETION: f64 = 60.0;

/// How many orders are looked at to know how many events an order has on average.
const PILOT_ORDERS: u64 = 50_000;

/// Sets the hash of arrivals apart from the other uses of the seed.
const ARRIVALS: u64 = 0x6172_7269_7661_6c73;

/// An order that something will yet happen to. Its content is not here: the number suffices to draw it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct OpenOrder {
    /// When the next event is due, in microseconds since the epoch. First, so that orders sort by it.
    due: i64,
    number: u64,
    next: EventType,
    placed_at: i64,
    last_at: i64,
    buyer: Buyer,
    is_newcomer: bool,
}

/// The orders of a stretch of the past.
#[derive(Debug)]
struct Past {
    rhythm: Rhythm,
    orders: u64,
    haste: f64,
}

/// A mock shop. See the module's description.
#[derive(Debug)]
pub struct Shop {
    settings: ShopSettings,
    offer: Offer,
    customers: Customers,
    run: RunKey,
    run_tag: String,
    open: BinaryHeap<Reverse<OpenOrder>>,
    past: Option<Past>,
    next_number: u64,
    last_at: i64,
    budget: OrderBudget,
    lines: Vec<Line>,
}

impl Shop {
    /// Opens the shop.
    ///
    /// # Errors
    /// When no such shop is possible; the error says which setting is at fault.
    pub fn new(settings: ShopSettings) -> Result<Self, SettingsError> {
        settings.check()?;
        let run = RunKey::new(settings.seed, settings.start.timestamp_micros());
        let grown_at = settings.start.timestamp_micros();
        let offer = Offer {
            catalog: Catalog::new(settings.seed, settings.products, settings.categories),
            line_counts: LineCounts::with_mean(settings.lines_mean),
            calendar: Calendar::new(settings.growth_percent, grown_at, settings.rush),
        };
        Ok(Shop {
            budget: OrderBudget::new(mean_events_per_order(&settings, &offer)),
            offer,
            customers: Customers::new(settings.seed, settings.customers),
            run,
            run_tag: run.tag(),
            open: BinaryHeap::new(),
            past: None,
            next_number: 0,
            last_at: i64::MIN,
            lines: Vec::new(),
            settings,
        })
    }

    /// The seed that everything is drawn from.
    pub fn seed(&self) -> u64 {
        self.settings.seed
    }

    /// What makes the identifiers of this run its own.
    pub(crate) const fn run_key(&self) -> RunKey {
        self.run
    }

    /// Lays about `events` events over the time from `length` before the start up to the start, for
    /// [`Shop::next_past`]. Not exactly so many: orders have their own fates, and some events will fall beyond the
    /// start; a sample of the orders tells how many orders it takes.
    ///
    /// # Errors
    /// When the past is longer than ten years, or would begin before the times that the contract accepts.
    pub fn plan_past(&mut self, length: Duration, events: u64) -> Result<(), SettingsError> {
        settings::check_past(length)?;
        let start = self.settings.start;
        let from = start
            .checked_sub_signed(length)
            .ok_or(SettingsError::Time(start))?;
        settings::check_time(from)?;
        let window_micros = length.num_microseconds().unwrap_or(i64::MAX).max(1);
        let rhythm = Rhythm::new(
            self.settings.seed,
            &self.offer.calendar,
            start.timestamp_micros() - window_micros,
            start.timestamp_micros(),
        );
        let haste = (micros_to_seconds(window_micros) / UNHURRIED_PAST_SECONDS).min(1.0);
        let mut past = Past {
            rhythm,
            orders: events,
            haste,
        };
        if !self.settings.orders_only {
            past.orders = orders_for(&self.settings, &self.offer, &past, events);
        }
        self.past = Some(past);
        Ok(())
    }

    /// Writes the next event of the planned past into `event`; false, and the event is of no use, once it is over.
    pub fn next_past(&mut self, event: &mut TransactionEvent) -> bool {
        let Some(past) = &self.past else {
            return false;
        };
        let (until, haste) = (past.rhythm.until(), past.haste);
        let arrival = (self.next_number < past.orders).then(|| {
            let jitter = lower_bits(mix(self.settings.seed, ARRIVALS, self.next_number));
            past.rhythm.moment(self.next_number, jitter, past.orders)
        });
        let due = self.open.peek().map(|Reverse(order)| order.due);

        match (arrival, due) {
            (Some(arrival), None) => self.place(arrival, haste, event),
            (Some(arrival), Some(due)) if due > arrival && self.open.len() < MOST_OPEN_ORDERS => {
                self.place(arrival, haste, event);
            }
            (Some(arrival), Some(due)) => self.advance_earliest(due.min(arrival), haste, event),
            (None, Some(due)) if due < until => self.advance_earliest(due, haste, event),
            _ => return false,
        }
        true
    }

    /// Writes the next live event into `event`: something that is due at `now`, or a new order. Its time is `now`, or a
    /// microsecond after the event before it where the clock did not move on.
    ///
    /// So that a shop without open orders does not begin with nothing but new ones, orders are a fixed share of all
    /// events, and where nothing is due the open order that is closest to its next event moves on early.
    pub fn next_live(&mut self, now: DateTime<Utc>, event: &mut TransactionEvent) {
        let at = now.timestamp_micros().max(self.last_at.saturating_add(1));
        let seconds = LIVE_SECONDS_TO_COMPLETION * self.settings.live_speed;
        let haste = (seconds / MEAN_SECONDS_TO_COMPLETION).min(1.0);
        self.budget.earn();

        let is_something_due = self
            .open
            .peek()
            .is_some_and(|Reverse(order)| order.due <= at);
        let may_place = self.budget.affords_order() && self.open.len() < MOST_OPEN_ORDERS;
        if self.open.is_empty() || (!is_something_due && may_place) {
            self.budget.spend();
            self.place(at, haste, event);
            return;
        }
        self.advance_earliest(at, haste, event);
    }

    /// The segment that the shop counts a customer (by number) to at a time.
    pub fn segment_of(&self, customer: u32, at: DateTime<Utc>) -> &'static str {
        self.customers.segment(customer, at.timestamp_micros())
    }

    /// How many orders are open.
    pub fn open_orders(&self) -> usize {
        self.open.len()
    }

    fn place(&mut self, at: i64, haste: f64, event: &mut TransactionEvent) {
        let number = self.next_number;
        self.next_number += 1;
        let sketch = Sketch::draw(self.settings.seed, number);
        let (buyer, is_newcomer) = choose_buyer(sketch.buyer, &mut self.customers);
        let order = OpenOrder {
            due: at,
            number,
            next: EventType::OrderPlaced,
            placed_at: at,
            last_at: at,
            buyer,
            is_newcomer,
        };
        self.happen(order, sketch, at, haste, event);
    }

    /// Only called where there is an open order; without one it does nothing.
    fn advance_earliest(&mut self, at: i64, haste: f64, event: &mut TransactionEvent) {
        let Some(Reverse(order)) = self.open.pop() else {
            return;
        };
        let sketch = Sketch::draw(self.settings.seed, order.number);
        self.happen(order, sketch, at.max(order.last_at + 1), haste, event);
    }

    fn happen(
        &mut self,
        order: OpenOrder,
        sketch: Sketch,
        at: i64,
        haste: f64,
        event: &mut TransactionEvent,
    ) {
        self.last_at = at.max(self.last_at);
        let journey = self.write(&order, sketch, at, event);

        let next = journey.after(order.next);
        let (Some(next), false) = (next, self.settings.orders_only) else {
            return;
        };
        self.open.push(Reverse(OpenOrder {
            due: at + journey.wait_for(next, haste),
            next,
            last_at: at,
            ..order
        }));
    }
}

/// Keeps the share of new orders among live events even: every event earns a little more than an order's share.
#[derive(Debug)]
struct OrderBudget {
    per_event: u64,
    saved: u64,
}

impl OrderBudget {
    const ORDER: u64 = 1 << 32;
    /// A little more than the even share, so that a shop that begins without open orders fills up.
    const SURPLUS: f64 = 1.05;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an order has one to five events, so the share is between 2^29 and 2^33"
    )]
    fn new(events_per_order: f64) -> Self {
        OrderBudget {
            per_event: (4_294_967_296.0 * Self::SURPLUS / events_per_order) as u64,
            saved: Self::ORDER,
        }
    }

    fn earn(&mut self) {
        self.saved = (self.saved + self.per_event).min(2 * Self::ORDER);
    }

    const fn affords_order(&self) -> bool {
        self.saved >= Self::ORDER
    }

    fn spend(&mut self) {
        self.saved = self.saved.saturating_sub(Self::ORDER);
    }
}

/// How many events an order has on average, measured on the first orders of the seed.
fn mean_events_per_order(settings: &ShopSettings, offer: &Offer) -> f64 {
    if settings.orders_only {
        return 1.0;
    }
    let pilot = 2_000u32;
    let at = settings.start.timestamp_micros();
    let mut lines = Vec::new();
    let events: u32 = (0..pilot)
        .map(|number| {
            let sketch = Sketch::draw(settings.seed, u64::from(number));
            let (country, _) = sketch.guest_home();
            sketch.fill(offer, country, at, &mut lines).journey.steps()
        })
        .sum();
    f64::from(events) / f64::from(pilot)
}

/// How many orders it takes for so many events within the past, measured on the first orders of the seed.
fn orders_for(settings: &ShopSettings, offer: &Offer, past: &Past, events: u64) -> u64 {
    let pilot = events.clamp(1, PILOT_ORDERS);
    let mut lines = Vec::new();
    let inside: u64 = (0..pilot)
        .map(|number| {
            let placed_at = past.rhythm.moment(number, u32::MAX / 2, pilot);
            let sketch = Sketch::draw(settings.seed, number);
            let (country, _) = sketch.guest_home();
            let content = sketch.fill(offer, country, placed_at, &mut lines);
            events_before(past, &content.journey, placed_at)
        })
        .sum();
    let orders = (u128::from(events) * u128::from(pilot)).div_ceil(u128::from(inside.max(1)));
    u64::try_from(orders).unwrap_or(u64::MAX).max(1)
}

fn events_before(past: &Past, journey: &Journey, placed_at: i64) -> u64 {
    let mut count = 1;
    let mut at = placed_at;
    let mut event = EventType::OrderPlaced;
    while let Some(next) = journey.after(event) {
        at += journey.wait_for(next, past.haste);
        if at >= past.rhythm.until() {
            break;
        }
        count += 1;
        event = next;
    }
    count
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share of a window of years needs no microsecond"
)]
fn micros_to_seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

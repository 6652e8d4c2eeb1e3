use chrono::{DateTime, Duration, TimeZone, Utc};
use thiserror::Error;

use super::calendar::Rush;
use super::kinds::MOST_CATEGORIES;

/// What a shop is like. Two shops of equal settings write equal events.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopSettings {
    /// Names the stream of random numbers that everything is drawn from.
    pub seed: u64,
    /// The moment that separates the past from the live part. It and the seed make the identifiers of orders and events.
    pub start: DateTime<Utc>,
    /// How many customers there are; a fifth of them ordered before the first event.
    pub customers: u32,
    /// How many products there are, 1 to 100,000.
    pub products: u32,
    /// How many categories they are in, 1 to 16.
    pub categories: usize,
    /// Lines of an order on average, 1 to 10.
    pub lines_mean: f64,
    /// Orders are placed, and nothing happens to them afterwards.
    pub orders_only: bool,
    /// By how much the business grows in a year, in per cent: 0 to 1,000.
    pub growth_percent: f64,
    /// One day that is unlike the others.
    pub rush: Option<Rush>,
    /// How many seconds of event time pass in a second of a live run; lets the orders live through their stages within
    /// minutes of the run whatever its speed.
    pub live_speed: f64,
    /// From when on events are written in version 2 of the contract.
    pub second_version_from: Option<DateTime<Utc>>,
}

impl ShopSettings {
    /// The usual shop: 50,000 customers, 2,000 products in 12 categories, 3 lines an order, a third more every year.
    pub fn new(seed: u64, start: DateTime<Utc>) -> Self {
        ShopSettings {
            seed,
            start,
            customers: 50_000,
            products: 2_000,
            categories: 12,
            lines_mean: 3.0,
            orders_only: false,
            growth_percent: 33.0,
            rush: None,
            live_speed: 1.0,
            second_version_from: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if !(1..=MOST_PRODUCTS).contains(&self.products) {
            return Err(SettingsError::Products(self.products));
        }
        if !(1..=MOST_CATEGORIES).contains(&self.categories) {
            return Err(SettingsError::Categories(self.categories));
        }
        if self.customers > MOST_CUSTOMERS {
            return Err(SettingsError::Customers(self.customers));
        }
        if !(1.0..=10.0).contains(&self.lines_mean) {
            return Err(SettingsError::LinesMean(self.lines_mean));
        }
        if !(0.0..=1_000.0).contains(&self.growth_percent) {
            return Err(SettingsError::Growth(self.growth_percent));
        }
        if let Some(rush) = self.rush
            && !(1.0..=50.0).contains(&rush.factor)
        {
            return Err(SettingsError::Rush(rush.factor));
        }
        check_time(self.start)
    }
}

const MOST_PRODUCTS: u32 = 100_000;
const MOST_CUSTOMERS: u32 = 9_999_999;
/// Ten years.
const LONGEST_PAST_DAYS: i64 = 3_653;

pub(super) fn check_past(length: Duration) -> Result<(), SettingsError> {
    if length > Duration::days(LONGEST_PAST_DAYS) {
        return Err(SettingsError::PastTooLong(length.num_days()));
    }
    Ok(())
}

/// Events must lie in times that the contract accepts, and that leave room for the past and the future.
pub(super) fn check_time(at: DateTime<Utc>) -> Result<(), SettingsError> {
    let earliest = Utc.with_ymd_and_hms(2000, 1, 1, 0, 0, 0).earliest();
    let latest = Utc.with_ymd_and_hms(2200, 1, 1, 0, 0, 0).earliest();
    if Some(at) < earliest || Some(at) > latest {
        return Err(SettingsError::Time(at));
    }
    Ok(())
}

/// Why there can be no such shop.
#[derive(Debug, Error, PartialEq)]
pub enum SettingsError {
    /// Too many or no products.
    #[error("{0} products: the shop needs 1 to {MOST_PRODUCTS}")]
    Products(u32),
    /// Too many or no categories.
    #[error("{0} categories: the shop needs 1 to {MOST_CATEGORIES}")]
    Categories(usize),
    /// More customers than customer numbers.
    #[error("{0} customers: customer numbers end at {MOST_CUSTOMERS}")]
    Customers(u32),
    /// No such average is possible.
    #[error("{0} lines an order on average: orders have 1 to 10 lines")]
    LinesMean(f64),
    /// The shop cannot grow so.
    #[error("a growth of {0} % a year: the shop grows by 0 to 1,000 %")]
    Growth(f64),
    /// No day is like that.
    #[error("a day with {0} times the usual orders: choose between 1 and 50")]
    Rush(f64),
    /// More past than the shop can lay out.
    #[error("a past of {0} days: the shop remembers at most {LONGEST_PAST_DAYS} days")]
    PastTooLong(i64),
    /// Before the contract's earliest time, or absurdly late.
    #[error(
        "{0} is outside of the years 2000 to 2199, so its events would be refused: choose another start or a shorter past"
    )]
    Time(DateTime<Utc>),
}

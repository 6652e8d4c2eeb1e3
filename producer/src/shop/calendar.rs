//! What kind of day it is: season, holidays, the growth of the business, and the one day that is unlike all others.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::random::{exp, ln};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// How much is ordered in each month, in per cent of the usual.
const BY_MONTH: [u64; 12] = [94, 92, 96, 98, 98, 96, 91, 92, 98, 102, 112, 126];

/// Days of fixed dates (month and day) that are unlike their month, in per cent of it.
const FIXED_DAYS: &[(u32, u32, u64)] = &[
    (1, 1, 55),
    (2, 12, 118),
    (2, 13, 128),
    (2, 14, 112),
    (5, 1, 75),
    (12, 12, 112),
    (12, 13, 114),
    (12, 14, 116),
    (12, 15, 118),
    (12, 16, 116),
    (12, 17, 112),
    (12, 24, 50),
    (12, 25, 35),
    (12, 26, 65),
    (12, 31, 60),
];

/// Days by their distance from Easter Sunday.
const EASTER_DAYS: &[(i64, u64)] = &[(-2, 80), (0, 60), (1, 75)];

/// Days by their distance from Black Friday, which is the day after the fourth Thursday of November.
const BLACK_FRIDAY_DAYS: &[(i64, u64)] = &[(-1, 130), (0, 230), (1, 160), (2, 150), (3, 190)];

/// A day with many times the usual orders, at deep discounts, many of which come back afterwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rush {
    /// The day, by UTC.
    pub day: NaiveDate,
    /// How many times the usual orders, 1 to 50.
    pub factor: f64,
}

/// What is known of days.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    /// The business is as large as it will be on this day, counted from the epoch; before, it was smaller.
    grown_day: i64,
    /// The natural logarithm of the growth of one day.
    growth: f64,
    rush: Option<(i64, u64)>,
}

impl Calendar {
    /// For a shop that has grown by so many per cent a year up to `grown_at`, in microseconds since the epoch.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a factor between 1 and 50"
    )]
    pub(crate) fn new(growth_percent: f64, grown_at: i64, rush: Option<Rush>) -> Self {
        Calendar {
            grown_day: grown_at.div_euclid(MICROS_PER_DAY),
            growth: ln(1.0 + growth_percent / 100.0) / 365.25,
            rush: rush.map(|rush| (day_number(rush.day), (rush.factor * 1_000.0) as u64)),
        }
    }

    /// How much is ordered on a day (counted from the epoch), in thousandths of what is usual when the shop has grown.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "days of a few centuries, and a growth factor up to 1"
    )]
    pub(crate) fn intensity(&self, day: i64) -> u64 {
        let days_of_growth = (day - self.grown_day).min(0) as f64;
        let grown = (exp(self.growth * days_of_growth) * 1_000.0) as u64;
        let usual = match self.rush {
            Some((rush_day, factor)) if rush_day == day => factor,
            _ => season(day),
        };
        (usual * grown / 1_000).max(1)
    }

    /// Whether a time, in microseconds since the epoch, falls on the day of the rush.
    pub(crate) fn is_rush(&self, at: i64) -> bool {
        self.rush
            .is_some_and(|(day, _)| day == at.div_euclid(MICROS_PER_DAY))
    }
}

/// The day for a rush within a stretch of time: its last Black Friday that leaves a week for what comes back; without
/// one the Friday that is nearest to the middle; in a stretch without a whole Friday, the day in the middle.
pub fn day_of_rush(from: NaiveDate, until: NaiveDate) -> NaiveDate {
    let black_fridays = (from.year()..=until.year()).rev().filter_map(black_friday);
    for day in black_fridays {
        let leaves_a_week = day
            .checked_add_days(Days::new(7))
            .is_some_and(|next| next < until);
        if day > from && leaves_a_week {
            return day;
        }
    }
    let half = Days::new((until - from).num_days().unsigned_abs() / 2);
    let middle = from.checked_add_days(half).unwrap_or(from);
    // At most three days away in either direction.
    let to_friday = (i64::from(Weekday::Fri.num_days_from_monday())
        - i64::from(middle.weekday().num_days_from_monday())
        + 10)
        % 7
        - 3;
    let friday = middle + chrono::Duration::days(to_friday);
    if friday > from && friday < until {
        friday
    } else {
        middle
    }
}

/// Thousandths of the usual, by month and holiday.
fn season(day: i64) -> u64 {
    let Some(date) = date_of(day) else {
        return 1_000;
    };
    let by_month = usize::try_from(date.month0())
        .ok()
        .and_then(|month| BY_MONTH.get(month));
    by_month.unwrap_or(&100) * holiday(date) / 10
}

/// Per cent of what is usual for the month.
fn holiday(date: NaiveDate) -> u64 {
    let fixed = FIXED_DAYS
        .iter()
        .find(|(month, day, _)| (*month, *day) == (date.month(), date.day()));
    if let Some((_, _, percent)) = fixed {
        return *percent;
    }
    let by_distance = |feast: Option<NaiveDate>, days: &[(i64, u64)]| {
        let distance = (date - feast?).num_days();
        let near = days.iter().find(|(wanted, _)| *wanted == distance)?;
        Some(near.1)
    };
    by_distance(easter(date.year()), EASTER_DAYS)
        .or_else(|| by_distance(black_friday(date.year()), BLACK_FRIDAY_DAYS))
        .unwrap_or(100)
}

/// Easter Sunday after Gauss, in the form that Meeus, Jones and Butcher gave to it.
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let (month, day) = ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

fn black_friday(year: i32) -> Option<NaiveDate> {
    let thanksgiving = NaiveDate::from_weekday_of_month_opt(year, 11, Weekday::Thu, 4)?;
    thanksgiving.succ_opt()
}

fn day_number(date: NaiveDate) -> i64 {
    (date - NaiveDate::default()).num_days()
}

fn date_of(day: i64) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(chrono::Duration::try_days(day)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn intensity_on(calendar: &Calendar, day: &str) -> u64 {
        calendar.intensity(day_number(date(day)))
    }

    #[test]
    fn feasts_fall_on_their_days() {
        for (year, sunday) in [
            (2000, "2000-04-23"),
            (2024, "2024-03-31"),
            (2025, "2025-04-20"),
            (2026, "2026-04-05"),
            (2038, "2038-04-25"),
        ] {
            assert_eq!(easter(year), Some(date(sunday)));
        }
        for (year, friday) in [
            (2023, "2023-11-24"),
            (2024, "2024-11-29"),
            (2025, "2025-11-28"),
        ] {
            assert_eq!(black_friday(year), Some(date(friday)));
        }
    }

    #[test]
    fn days_of_the_epoch_are_dates() {
        assert_eq!(date_of(0), Some(date("1970-01-01")));
        assert_eq!(day_number(date("2026-01-01")), 20_454);
        assert_eq!(date_of(20_454), Some(date("2026-01-01")));
    }

    #[test]
    fn holidays_and_seasons_differ_from_usual_days() {
        let calendar = Calendar::new(0.0, 0, None);
        let usual = intensity_on(&calendar, "2025-09-17");
        assert!(intensity_on(&calendar, "2025-12-25") < usual / 2);
        assert!(intensity_on(&calendar, "2025-11-28") > 2 * usual);
        assert!(intensity_on(&calendar, "2025-04-20") < usual);
        assert!(intensity_on(&calendar, "2025-12-10") > usual * 6 / 5);
    }

    #[test]
    fn business_grows_by_its_rate_and_not_beyond_its_day() {
        let grown_at = day_number(date("2026-01-14")) * MICROS_PER_DAY;
        let calendar = Calendar::new(50.0, grown_at, None);
        let now = intensity_on(&calendar, "2026-01-14");
        let year_ago = intensity_on(&calendar, "2025-01-14");
        assert!(
            (now * 1_000 / year_ago).abs_diff(1_500) < 10,
            "{year_ago} {now}"
        );
        assert_eq!(intensity_on(&calendar, "2027-01-14"), now);
        assert!(intensity_on(&Calendar::new(1_000.0, grown_at, None), "2000-01-14") >= 1);
    }

    #[test]
    fn a_rush_is_its_day_alone() {
        let rush = Rush {
            day: date("2025-10-15"),
            factor: 6.0,
        };
        let calendar = Calendar::new(0.0, 0, Some(rush));
        assert_eq!(intensity_on(&calendar, "2025-10-15"), 6_000);
        assert_eq!(intensity_on(&calendar, "2025-10-16"), 1_020);
        let noon = (day_number(rush.day) * 24 + 12) * 3_600_000_000;
        assert!(calendar.is_rush(noon));
        assert!(!calendar.is_rush(noon + MICROS_PER_DAY / 2));
    }

    #[test]
    fn a_rush_finds_its_day() {
        for (from, until, day) in [
            ("2025-11-01", "2025-12-31", "2025-11-28"),
            ("2023-01-01", "2025-12-31", "2025-11-28"),
            ("2025-11-01", "2025-11-30", "2025-11-14"),
            ("2026-01-01", "2026-01-31", "2026-01-16"),
            ("2026-01-01", "2026-01-04", "2026-01-02"),
            ("2026-01-03", "2026-01-05", "2026-01-04"),
            ("2026-01-03", "2026-01-03", "2026-01-03"),
        ] {
            assert_eq!(day_of_rush(date(from), date(until)), date(day), "{from}");
        }
    }
}

//! When orders come in the past: more in the evening than at night, more on Sunday than on Tuesday, more before Christmas
//! than after, more this year than last; and not every Sunday alike.

use super::calendar::Calendar;
use super::random::{mix, scale_to, upper_bits};

const HOUR: i64 = 3_600_000_000;

/// Sets the hash of days apart from the other uses of the seed.
const DAYS: u64 = 0x6461_7973_2164_6179;

/// Relative intensity of each hour of a day between Monday and Friday (UTC).
const BY_HOUR: [u64; 24] = [
    22, 14, 9, 7, 8, 14, 26, 42, 56, 66, 74, 80, 84, 80, 76, 74, 78, 86, 96, 104, 108, 98, 72, 42,
];

/// The same of a day of the weekend: people stay up late, sleep in, and order all afternoon. As much in all as above.
const BY_HOUR_OF_THE_WEEKEND: [u64; 24] = [
    34, 24, 15, 9, 7, 8, 13, 24, 42, 62, 78, 88, 90, 88, 90, 90, 90, 88, 90, 94, 94, 88, 66, 44,
];

/// Relative intensity of each day of the week, from Monday.
const BY_WEEKDAY: [u64; 7] = [96, 92, 94, 98, 106, 112, 118];

/// A window of time with the shop's rhythm laid over it, so that shares of the business map onto moments.
#[derive(Debug)]
pub(crate) struct Rhythm {
    from: i64,
    until: i64,
    /// Start and end of each hour within the window, with the mass up to its start and its intensity.
    hours: Vec<Stretch>,
    mass: u64,
}

#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: i64,
    mass_before: u64,
    intensity: u64,
}

impl Rhythm {
    /// Over a window in microseconds since the epoch; `until` lies after `from`. At most a few decades: the mass of a
    /// century would not fit.
    pub(crate) fn new(seed: u64, calendar: &Calendar, from: i64, until: i64) -> Self {
        let mut hours = Vec::new();
        let mut mass = 0;
        let mut at = from;
        let mut today = DayIntensity::of(seed, calendar, day_of(from));
        while at < until {
            let next_hour = (at.div_euclid(HOUR) + 1) * HOUR;
            let end = next_hour.min(until);
            if day_of(at) != today.day {
                today = DayIntensity::of(seed, calendar, day_of(at));
            }
            let intensity = today.at(at);
            hours.push(Stretch {
                from: at,
                mass_before: mass,
                intensity,
            });
            mass += (end - at).unsigned_abs() * intensity;
            at = end;
        }
        Rhythm {
            from,
            until,
            hours,
            mass,
        }
    }

    /// The end of the window.
    pub(crate) const fn until(&self) -> i64 {
        self.until
    }

    /// The moment of the `nth` of `count` orders (from 0), `jitter` of 2^32 on the way to the next one.
    pub(crate) fn moment(&self, nth: u64, jitter: u32, count: u64) -> i64 {
        let place = (u128::from(nth) << 32) + u128::from(jitter);
        let places = u128::from(count.max(1)) << 32;
        let share = (place * u128::from(self.mass) / places).min(u128::from(self.mass));
        self.at_mass(u64::try_from(share).unwrap_or(self.mass))
    }

    fn at_mass(&self, mass: u64) -> i64 {
        let after = self.hours.partition_point(|hour| hour.mass_before <= mass);
        let Some(hour) = after
            .checked_sub(1)
            .and_then(|position| self.hours.get(position))
        else {
            return self.from;
        };
        let into_hour = (mass - hour.mass_before) / hour.intensity;
        (hour.from + i64::try_from(into_hour).unwrap_or(0)).min(self.until - 1)
    }
}

/// What the hours of one day are multiplied with.
struct DayIntensity {
    day: i64,
    by_hour: &'static [u64; 24],
    /// Hundred-thousandths.
    factor: u64,
}

impl DayIntensity {
    fn of(seed: u64, calendar: &Calendar, day: i64) -> Self {
        // A good day is a tenth above the usual, a bad one a tenth below.
        let luck = 90 + scale_to(upper_bits(mix(seed ^ DAYS, day.unsigned_abs(), 0)), 21);
        // The epoch was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        let by_weekday = BY_WEEKDAY.get(weekday).unwrap_or(&1);
        DayIntensity {
            day,
            by_hour: if weekday >= 5 {
                &BY_HOUR_OF_THE_WEEKEND
            } else {
                &BY_HOUR
            },
            factor: by_weekday * u64::from(luck) * calendar.intensity(day),
        }
    }

    fn at(&self, at: i64) -> u64 {
        let hour = usize::try_from(at.div_euclid(HOUR).rem_euclid(24));
        let by_hour = hour.ok().and_then(|hour| self.by_hour.get(hour));
        (by_hour.unwrap_or(&1) * self.factor / 100_000).max(1)
    }
}

fn day_of(at: i64) -> i64 {
    at.div_euclid(24 * HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::calendar::Rush;

    /// Monday, 2024-01-01T00:00:00Z.
    const MONDAY: i64 = 1_704_067_200_000_000;

    fn steady() -> Calendar {
        Calendar::new(0.0, 0, None)
    }

    #[test]
    fn ten_years_of_the_busiest_shop_can_be_laid_out() {
        let rush = Rush {
            day: "2030-01-15".parse().expect("a date"),
            factor: 50.0,
        };
        let until = MONDAY + 3_653 * 24 * HOUR;
        for growth in [0.0, 1_000.0] {
            let calendar = Calendar::new(growth, until, Some(rush));
            let decade = Rhythm::new(42, &calendar, MONDAY, until);
            let moments = (0..1_000).map(|nth| decade.moment(nth, 0, 1_000));
            assert!(moments.is_sorted());
            assert!(decade.moment(999, u32::MAX, 1_000) > until - 24 * HOUR);
        }
    }

    #[test]
    fn moments_rise_and_stay_inside() {
        let window = Rhythm::new(42, &steady(), MONDAY + 17, MONDAY + 50 * HOUR + 3);
        let moments: Vec<i64> = (0..10_000)
            .map(|nth| window.moment(nth, 0, 10_000))
            .collect();
        assert!(moments.is_sorted());
        assert_eq!(moments.first(), Some(&(MONDAY + 17)));
        assert!(
            moments
                .iter()
                .all(|at| (MONDAY + 17..MONDAY + 50 * HOUR + 3).contains(at))
        );
        assert!(window.moment(9_999, u32::MAX, 10_000) < MONDAY + 50 * HOUR + 3);
    }

    #[test]
    fn evenings_and_weekends_are_busier() {
        let week = Rhythm::new(42, &steady(), MONDAY, MONDAY + 7 * 24 * HOUR);
        let mut by_hour = [0u32; 24];
        let mut by_day = [0u32; 7];
        for nth in 0..100_000 {
            let at = week.moment(nth, 0, 100_000) - MONDAY;
            by_hour[usize::try_from(at / HOUR % 24).expect("small")] += 1;
            by_day[usize::try_from(at / HOUR / 24).expect("small")] += 1;
        }
        assert!(by_hour[20] > 10 * by_hour[3], "{by_hour:?}");
        assert!(by_day[6] > by_day[1], "{by_day:?}");
    }
}

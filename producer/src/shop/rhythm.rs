//! When orders come in the past: more in the evening than at night, more on Sunday than on Tuesday, and not every Sunday
//! alike.

use super::random::{mix, scale_to, upper_bits};

const HOUR: i64 = 3_600_000_000;

/// Sets the hash of days apart from the other uses of the seed.
const DAYS: u64 = 0x6461_7973_2164_6179;

/// Relative intensity of each hour of the day (UTC).
const BY_HOUR: [u64; 24] = [
    22, 14, 9, 7, 8, 14, 26, 42, 56, 66, 74, 80, 84, 80, 76, 74, 78, 86, 96, 104, 108, 98, 72, 42,
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
    pub(crate) fn new(seed: u64, from: i64, until: i64) -> Self {
        let mut hours = Vec::new();
        let mut mass = 0;
        let mut at = from;
        while at < until {
            let next_hour = (at.div_euclid(HOUR) + 1) * HOUR;
            let end = next_hour.min(until);
            let intensity = intensity_at(seed, at);
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

fn intensity_at(seed: u64, at: i64) -> u64 {
    let day = at.div_euclid(24 * HOUR);
    // A good day is a tenth above the usual, a bad one a tenth below.
    let luck = 90 + scale_to(upper_bits(mix(seed ^ DAYS, day.unsigned_abs(), 0)), 21);
    let hour = at.div_euclid(HOUR).rem_euclid(24);
    // The epoch was a Thursday.
    let weekday = (day + 3).rem_euclid(7);
    let by_hour = usize::try_from(hour)
        .ok()
        .and_then(|hour| BY_HOUR.get(hour));
    let by_weekday = usize::try_from(weekday)
        .ok()
        .and_then(|day| BY_WEEKDAY.get(day));
    by_hour.unwrap_or(&1) * by_weekday.unwrap_or(&1) * u64::from(luck) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 2024-01-01T00:00:00Z.
    const MONDAY: i64 = 1_704_067_200_000_000;

    #[test]
    fn moments_rise_and_stay_inside() {
        let window = Rhythm::new(42, MONDAY + 17, MONDAY + 50 * HOUR + 3);
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
        let week = Rhythm::new(42, MONDAY, MONDAY + 7 * 24 * HOUR);
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

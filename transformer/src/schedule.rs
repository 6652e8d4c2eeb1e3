//! When batches run: the five fields of cron, in UTC. Pure; the clock is given.

use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, Timelike, Utc};

/// No five fields that mean anything mean a day further away than this: 29 February, over a century without one.
const FURTHEST_DAYS: u64 = 8 * 366 + 1;

/// `minute hour day-of-month month day-of-week`, each `*`, a number, a range `a-b`, any of these with a step `/n`, or a list
/// of them with commas. Sunday is 0 or 7. As in cron, where both days are restricted, either suffices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    any_day: bool,
    any_weekday: bool,
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(
                "a schedule has five fields, minute hour day month weekday, for instance \"0 2 * * *\" for 02:00 UTC"
                    .into(),
            );
        };
        let weekdays = field("weekday", weekday, 0, 7)?;
        let schedule = Schedule {
            minutes: field("minute", minute, 0, 59)?,
            hours: field("hour", hour, 0, 23)?,
            days: field("day", day, 1, 31)?,
            months: field("month", month, 1, 12)?,
            // 7 is Sunday too.
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            any_day: day.starts_with('*'),
            any_weekday: weekday.starts_with('*'),
        };
        let some_time = DateTime::<Utc>::UNIX_EPOCH;
        match schedule.next_after(some_time) {
            Some(_) => Ok(schedule),
            None => Err("this day never comes: see day and month of the schedule".into()),
        }
    }
}

impl Schedule {
    /// The first time after this one, to the minute; nothing where none comes within eight years.
    pub(crate) fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = now.date_naive();
        let minute_now = now.hour() * 60 + now.minute();
        (0..FURTHEST_DAYS).find_map(|ahead| {
            let day = today.checked_add_days(Days::new(ahead))?;
            if !self.is_on(day) {
                return None;
            }
            let earliest = if ahead == 0 { minute_now + 1 } else { 0 };
            let minute = (earliest..24 * 60)
                .find(|minute| has(self.hours, minute / 60) && has(self.minutes, minute % 60))?;
            Some(day.and_hms_opt(minute / 60, minute % 60, 0)?.and_utc())
        })
    }

    fn is_on(&self, day: NaiveDate) -> bool {
        let is_day = has(self.days, day.day());
        let is_weekday = has(self.weekdays, day.weekday().num_days_from_sunday());
        let is_right_day = if self.any_day || self.any_weekday {
            is_day && is_weekday
        } else {
            is_day || is_weekday
        };
        is_right_day && has(self.months, day.month())
    }
}

fn has(set: u64, member: u32) -> bool {
    set >> member & 1 == 1
}

/// The set of numbers that a field means, as bits.
fn field(name: &str, text: &str, lowest: u32, highest: u32) -> Result<u64, String> {
    let wrong = || {
        format!("{name}: `{text}` is not a list of numbers and ranges from {lowest} to {highest}")
    };
    let number = |text: &str| {
        let number = text
            .parse::<u32>()
            .ok()
            .filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        number
            .filter(|number| (lowest..=highest).contains(number))
            .ok_or_else(wrong)
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (
                range,
                step.parse::<u32>()
                    .ok()
                    .filter(|step| *step > 0)
                    .ok_or_else(wrong)?,
            ),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (lowest, highest),
            Some((from, to)) => (number(from)?, number(to)?),
            None if part.contains('/') => (number(range)?, highest),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return Err(wrong());
        }
        let members = (from..=to).step_by(usize::try_from(step).unwrap_or(usize::MAX));
        set |= members.fold(0_u64, |set, member| set | 1 << member);
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, now: &str) -> String {
        let schedule: Schedule = schedule.parse().unwrap();
        let next = schedule.next_after(now.parse().unwrap()).unwrap();
        next.format("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn the_next_time_is_found() {
        for (schedule, now, expected) in [
            ("0 2 * * *", "2026-11-21T01:59:59Z", "2026-11-21 02:00"),
            ("0 2 * * *", "2026-11-21T02:00:00Z", "2026-11-22 02:00"),
            ("*/15 * * * *", "2026-11-21T23:45:00Z", "2026-11-22 00:00"),
            ("5/20 3-4 * * *", "2026-11-21T03:25:30Z", "2026-11-21 03:45"),
            ("30 6 1,15 * *", "2026-11-21T00:00:00Z", "2026-12-01 06:30"),
            ("0 0 29 2 *", "2026-11-21T00:00:00Z", "2028-02-29 00:00"),
            ("0 0 31 12 *", "2026-12-31T00:00:00Z", "2027-12-31 00:00"),
            ("0 9 * * 1-5", "2026-11-20T10:00:00Z", "2026-11-23 09:00"),
            ("0 9 * * 7", "2026-11-21T10:00:00Z", "2026-11-22 09:00"),
            ("0 9 * * 0", "2026-11-21T10:00:00Z", "2026-11-22 09:00"),
            // Either of two restricted days.
            ("0 0 1 * 1", "2026-11-21T00:00:00Z", "2026-11-23 00:00"),
            ("0 0 22 * 1", "2026-11-21T00:00:00Z", "2026-11-22 00:00"),
        ] {
            assert_eq!(next(schedule, now), expected, "{schedule} after {now}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for bad in [
            "",
            "0 2 * *",
            "0 2 * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 8",
            "*/0 * * * *",
            "5-1 * * * *",
            "a * * * *",
            "+1 * * * *",
            "1- * * * *",
            ", * * * *",
            "0 0 31 2 *",
            "0 0 30 2 *",
            "-1 * * * *",
        ] {
            assert!(bad.parse::<Schedule>().is_err(), "{bad}");
        }
    }
}

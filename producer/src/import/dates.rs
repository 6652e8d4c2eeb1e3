//! Dates as people's files write them: `12/1/2010 8:26`, `1/12/2010 08:26`, `12/1/10 8:26`, `01.12.2010`,
//! `2010-12-01 08:26:00`. A time without a zone is taken as UTC.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use clap::ValueEnum;

/// What comes first in a date like 12/1/2010.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DateOrder {
    /// Month, day, year
    Mdy,
    /// Day, month, year
    Dmy,
}

/// What a date tells about the order of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderEvidence {
    /// Only this order makes it a date.
    Proves(DateOrder),
    /// Both orders make it a date, and not the same one.
    Either,
    /// The order does not matter: the year comes first, or day and month are the same.
    Needless,
    /// It is no date in any order.
    NoDate,
}

/// What this date tells about the order of its parts.
pub fn evidence(text: &str) -> OrderEvidence {
    let orders = [DateOrder::Mdy, DateOrder::Dmy].map(|order| parse(text, Some(order)));
    match orders {
        [Some(_), None] => OrderEvidence::Proves(DateOrder::Mdy),
        [None, Some(_)] => OrderEvidence::Proves(DateOrder::Dmy),
        [Some(one), Some(other)] if one == other => OrderEvidence::Needless,
        [Some(_), Some(_)] => OrderEvidence::Either,
        [None, None] => OrderEvidence::NoDate,
    }
}

/// The time that a text means; without an order only where the year comes first.
pub fn parse(text: &str, order: Option<DateOrder>) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let (date, time) = match text.find([' ', 'T', '\u{A0}']) {
        Some(end) => {
            let (date, rest) = text.split_at(end);
            (date, rest.trim_start_matches([' ', 'T', '\u{A0}']))
        }
        None => (text, ""),
    };
    let date = parse_date(date, order)?;
    let (time, offset) = parse_time(time)?;
    let local = NaiveDateTime::new(date, time);
    local.checked_sub_signed(offset).map(|time| time.and_utc())
}

fn parse_date(text: &str, order: Option<DateOrder>) -> Option<NaiveDate> {
    let separator = text
        .chars()
        .find(|character| matches!(character, '/' | '-' | '.'))?;
    let mut parts = text.split(separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    if first.len() == 4 {
        return NaiveDate::from_ymd_opt(
            i32::try_from(digits(first, 4)?).ok()?,
            digits(second, 2)?,
            digits(third, 2)?,
        );
    }
    let (month, day) = match order? {
        DateOrder::Mdy => (first, second),
        DateOrder::Dmy => (second, first),
    };
    NaiveDate::from_ymd_opt(year(third)?, digits(month, 2)?, digits(day, 2)?)
}

/// Two digits are of the years 1969 to 2068, as POSIX has it.
fn year(text: &str) -> Option<i32> {
    let number = i32::try_from(digits(text, 4)?).ok()?;
    match text.len() {
        4 => Some(number),
        2 if number < 69 => Some(2000 + number),
        2 => Some(1900 + number),
        _ => None,
    }
}

/// A time of day, midnight for nothing, and how far its zone is ahead of UTC.
fn parse_time(text: &str) -> Option<(NaiveTime, TimeDelta)> {
    let text = text.trim();
    if text.is_empty() {
        return Some((NaiveTime::MIN, TimeDelta::zero()));
    }
    let (text, offset) = split_zone(text)?;
    let (text, afternoon) = split_half(text);
    let mut parts = text.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(text) => parse_seconds(text)?,
    };
    if parts.next().is_some() {
        return None;
    }
    let hour = match afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(is_afternoon) => hour % 12 + if is_afternoon { 12 } else { 0 },
    };
    Some((
        NaiveTime::from_hms_micro_opt(hour, minute, second, fraction)?,
        offset,
    ))
}

fn parse_seconds(text: &str) -> Option<(u32, u32)> {
    let (seconds, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let is_number = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    // Microseconds: what is beyond them is cut.
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    is_number.then_some((digits(seconds, 2)?, micros.parse().ok()?))
}

/// Takes `Z`, `UTC`, `+01`, `+0100` or `+01:00` off the end.
fn split_zone(text: &str) -> Option<(&str, TimeDelta)> {
    for utc in ["Z", "UTC"] {
        if let Some(time) = text.strip_suffix(utc) {
            return Some((time.trim_end(), TimeDelta::zero()));
        }
    }
    let Some(at) = text.find(['+', '-']) else {
        return Some((text, TimeDelta::zero()));
    };
    let (time, zone) = text.split_at(at);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let numbers: String = zone
        .chars()
        .filter(|character| *character != ':')
        .skip(1)
        .collect();
    let (hours, minutes) = match numbers.len() {
        2 => (digits(&numbers, 2)?, 0),
        4 => (digits(numbers.get(..2)?, 2)?, digits(numbers.get(2..)?, 2)?),
        _ => return None,
    };
    if hours > 15 || minutes > 59 {
        return None;
    }
    let offset = TimeDelta::minutes(sign * i64::from(hours * 60 + minutes));
    Some((time.trim_end(), offset))
}

/// Takes `AM` or `PM` off the end; whether it was the latter.
fn split_half(text: &str) -> (&str, Option<bool>) {
    for (suffix, is_afternoon) in [("AM", false), ("PM", true), ("am", false), ("pm", true)] {
        if let Some(time) = text.strip_suffix(suffix) {
            return (time.trim_end(), Some(is_afternoon));
        }
    }
    (text, None)
}

fn digits(text: &str, most: usize) -> Option<u32> {
    let is_number =
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_forms_in_the_wild() {
        use DateOrder::{Dmy, Mdy};
        for (text, order, expected) in [
            ("12/1/2010 8:26", Some(Mdy), "2010-12-01T08:26:00Z"),
            ("1/12/2010 08:26", Some(Dmy), "2010-12-01T08:26:00Z"),
            ("12/1/10 8:26", Some(Mdy), "2010-12-01T08:26:00Z"),
            ("01.12.2010 08:26:30", Some(Dmy), "2010-12-01T08:26:30Z"),
            ("01-12-2010", Some(Dmy), "2010-12-01T00:00:00Z"),
            ("12/1/2010 8:26 PM", Some(Mdy), "2010-12-01T20:26:00Z"),
            ("12/1/2010 12:05 AM", Some(Mdy), "2010-12-01T00:05:00Z"),
            ("2010-12-01", None, "2010-12-01T00:00:00Z"),
            ("2010-12-01 08:26:00.5", None, "2010-12-01T08:26:00.500Z"),
            ("2010-12-01T08:26:00Z", Some(Mdy), "2010-12-01T08:26:00Z"),
            ("2010-12-01 08:26:00+00", None, "2010-12-01T08:26:00Z"),
            ("2010-12-01T08:26:00+01:30", None, "2010-12-01T06:56:00Z"),
            ("2010/12/01 08:26", None, "2010-12-01T08:26:00Z"),
        ] {
            let expected = DateTime::parse_from_rfc3339(expected).unwrap().to_utc();
            assert_eq!(parse(text, order), Some(expected), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "13/13/2010",
            "2/30/2010",
            "12/1/2010 25:00",
            "12/1/2010 8",
            "1/2/3/2010",
            "12/1/010",
            "12/1/2010 13:00 PM",
            "0/1/2010",
            "12//2010",
            "40513",
        ] {
            assert_eq!(parse(text, Some(Mdy)), None, "{text}");
        }
        assert_eq!(parse("12/1/2010", None), None);
    }

    #[test]
    fn the_order_is_proven_or_it_is_not() {
        for (text, expected) in [
            ("12/13/2010 8:26", OrderEvidence::Proves(DateOrder::Mdy)),
            ("13/12/2010 8:26", OrderEvidence::Proves(DateOrder::Dmy)),
            ("12/1/2010 8:26", OrderEvidence::Either),
            ("1/1/2010", OrderEvidence::Needless),
            ("2010-12-01", OrderEvidence::Needless),
            ("?", OrderEvidence::NoDate),
        ] {
            assert_eq!(evidence(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            let _ = evidence(&text);
            let _ = parse(&text, None);
        }

        #[test]
        fn nearly_dates_are_answered(text in "[0-9/.:+ TZAPM-]{0,24}") {
            let _ = evidence(&text);
        }
    }
}

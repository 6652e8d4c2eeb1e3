//! Value parsers for clap that several services share. Their errors become usage errors, exit code 2.

use std::time::Duration;

/// A duration as people write it: `90s`, `2m 30s`, `500ms`, or plain seconds: `60`, `0.5`.
///
/// # Errors
/// A sentence that shows the right form.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds)
            .map_err(|error| format!("{error}; write for instance 60s"));
    }
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write for instance 60s, 500ms or 2m"))
}

/// A share in percent, 0 to 100, fractions allowed.
///
/// # Errors
/// A sentence that names the range.
pub fn parse_percent(text: &str) -> Result<f64, String> {
    let number: f64 = text
        .trim()
        .trim_end_matches('%')
        .parse()
        .map_err(|_| format!("`{text}` is not a number; give a percentage from 0 to 100"))?;
    // A NaN is in no range, so it is refused here too.
    if !(0.0..=100.0).contains(&number) {
        return Err(format!("{number} is not between 0 and 100"));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_in_their_usual_forms() {
        assert_eq!(parse_duration("60"), Ok(Duration::from_secs(60)));
        assert_eq!(parse_duration("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration(" 2m 30s "), Ok(Duration::from_secs(150)));
        assert_eq!(parse_duration("100ms"), Ok(Duration::from_millis(100)));
        assert_eq!(parse_duration("0"), Ok(Duration::ZERO));
        for wrong in ["", "soon", "-1", "nan", "inf", "1e300", "-5s"] {
            assert!(parse_duration(wrong).is_err(), "{wrong} was taken");
        }
    }

    #[test]
    fn percentages_are_bounded() {
        assert_eq!(parse_percent("0"), Ok(0.0));
        assert_eq!(parse_percent("100"), Ok(100.0));
        assert_eq!(parse_percent("2.5%"), Ok(2.5));
        for wrong in ["-0.1", "100.1", "NaN", "inf", "", "many"] {
            assert!(parse_percent(wrong).is_err(), "{wrong} was taken");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_them_panic(text in ".*") {
            let _ = parse_duration(&text);
            if let Ok(share) = parse_percent(&text) {
                prop_assert!((0.0..=100.0).contains(&share));
            }
        }
    }
}

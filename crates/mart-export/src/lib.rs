//! Carries a mart elsewhere: into a CSV or Parquet file, or into a table of MySQL or MariaDB.
//!
//! A reader of the target sees the mart as it was before or as it is now, never half of it: a file is written beside and
//! renamed, a table is filled beside and renamed. So carrying it again replaces, and never adds. Rows are read as they are
//! written, so that memory does not grow with the mart.

pub mod csv_file;
mod error;
pub mod mysql;
pub mod parquet_file;
mod replacing;

pub use error::ExportError;

/// Digits after the point that every decimal has in Parquet and MySQL: shares have four, money has two.
const DECIMAL_SCALE: u32 = 4;
/// Digits in all.
const DECIMAL_PRECISION: u32 = 38;

/// The decimal in ten-thousandths.
///
/// # Errors
/// Where it has more digits than that, since rounding it would make it another one.
fn in_ten_thousandths(decimal: rust_decimal::Decimal) -> Result<i128, ExportError> {
    let exact = decimal.normalize();
    let missing = DECIMAL_SCALE.checked_sub(exact.scale());
    missing
        .and_then(|missing| 10_i128.checked_pow(missing))
        .and_then(|factor| exact.mantissa().checked_mul(factor))
        .ok_or_else(|| {
            ExportError::Value(format!("{decimal} has more than {DECIMAL_SCALE} decimals"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_scaled_or_refused_but_never_rounded() {
        for (text, expected) in [
            ("1.5", 15_000),
            ("-0.0001", -1),
            ("2.500000", 25_000),
            ("0", 0),
        ] {
            assert_eq!(
                in_ten_thousandths(text.parse().unwrap()).unwrap(),
                expected,
                "{text}"
            );
        }
        assert!(in_ten_thousandths("0.00001".parse().unwrap()).is_err());
        let largest = "9999999999999999999999.99".parse().unwrap();
        assert_eq!(
            in_ten_thousandths(largest).unwrap(),
            99_999_999_999_999_999_999_999_900
        );
    }
}

//! Avro's primitives, read strictly from a byte slice.
//!
//! Nothing is believed: every length is held against what is left, every ordinal against what exists, and nothing is
//! allocated on an announcement alone. The end of input in the middle of anything is an error. Why not apache-avro's
//! decoder: docs/decisions/0001-strict-avro-reader.md.

use crate::fault::Fault;
use crate::{Money, Reason};

const LONGEST_VARINT_BYTES: usize = 10;
const LONGEST_DECIMAL_BYTES: usize = 16;

/// A place in a datum, moving forward.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    longest_value_bytes: usize,
    is_canonical: bool,
}

/// The head of one block of an array.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Items that follow; at least 1.
    pub(crate) item_count: u64,
    /// The bytes that they take, where the writer said so.
    pub(crate) byte_size: Option<usize>,
}

impl<'a> Reader<'a> {
    /// `longest_value_bytes`: a field that announces more is refused as `alloc_limit` instead of `truncated`.
    pub(crate) fn new(datum: &'a [u8], longest_value_bytes: usize) -> Reader<'a> {
        Reader {
            rest: datum,
            longest_value_bytes,
            is_canonical: true,
        }
    }

    /// Bytes not yet read.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether everything read so far was in the one form that our own encoder writes.
    pub(crate) fn is_canonical(&self) -> bool {
        self.is_canonical
    }

    /// For what is well-formed to Avro, but not as our own encoder writes it.
    pub(crate) fn mark_not_canonical(&mut self) {
        self.is_canonical = false;
    }

    /// Refuses bytes that follow the datum.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        if self.rest.is_empty() {
            return Ok(());
        }
        let surplus_bytes = self.rest.len();
        Err(Fault::new(
            Reason::TrailingBytes,
            format!("{surplus_bytes} bytes follow the event"),
        ))
    }

    /// Avro's `int` and `long`.
    #[inline]
    pub(crate) fn read_long(&mut self) -> Result<i64, Fault> {
        let zig_zag = self.read_unsigned_varint()?;
        Ok((zig_zag >> 1).cast_signed() ^ -(zig_zag & 1).cast_signed())
    }

    #[inline]
    fn read_unsigned_varint(&mut self) -> Result<u64, Fault> {
        match self.rest.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            _ => self.read_long_varint(),
        }
    }

    fn read_long_varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0;
        for position in 0..LONGEST_VARINT_BYTES {
            let Some((&byte, rest)) = self.rest.split_first() else {
                return Err(Fault::new(
                    Reason::Truncated,
                    format!("the payload ends after {position} bytes of an integer"),
                ));
            };
            self.rest = rest;
            let is_last = byte < 0x80;
            if position == LONGEST_VARINT_BYTES - 1 {
                // Nine bytes carry 63 bits: the tenth has room for one.
                check_tenth_byte(byte)?;
            }
            value |= u64::from(byte & 0x7F) << (7 * position);
            if is_last {
                self.is_canonical &= byte != 0 || position == 0;
                return Ok(value);
            }
        }
        Err(varint_without_end())
    }

    /// Avro's `bytes`.
    #[inline]
    pub(crate) fn read_bytes(&mut self) -> Result<&'a [u8], Fault> {
        let announced = self.read_long()?;
        let parts = usize::try_from(announced)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length));
        let Some((bytes, rest)) = parts else {
            return Err(self.impossible_length(announced));
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// Avro's `string`, of at most `max_bytes` bytes.
    #[inline]
    pub(crate) fn read_str(&mut self, max_bytes: usize) -> Result<&'a str, Fault> {
        let bytes = self.read_bytes()?;
        if bytes.len() > max_bytes {
            return Err(Fault::new(
                Reason::FieldTooLong,
                format!("{} bytes, at most {max_bytes} can be right", bytes.len()),
            ));
        }
        std::str::from_utf8(bytes).map_err(|error| {
            Fault::new(
                Reason::BadUtf8,
                format!("not UTF-8 from byte {} on", error.valid_up_to()),
            )
        })
    }

    /// An enum's symbol, as one of `symbols` in the order of the schema.
    #[inline]
    pub(crate) fn read_symbol<Symbol: Copy>(
        &mut self,
        symbols: &[Symbol],
    ) -> Result<Symbol, Fault> {
        let ordinal = self.read_long()?;
        let symbol = usize::try_from(ordinal)
            .ok()
            .and_then(|ordinal| symbols.get(ordinal));
        symbol.copied().ok_or_else(|| {
            Fault::new(
                Reason::BadEnum,
                format!(
                    "ordinal {ordinal} of an enum with {} symbols",
                    symbols.len()
                ),
            )
        })
    }

    /// An ordinal below `symbol_count`.
    pub(crate) fn read_ordinal(&mut self, symbol_count: usize) -> Result<usize, Fault> {
        let ordinal = self.read_long()?;
        match usize::try_from(ordinal) {
            Ok(ordinal) if ordinal < symbol_count => Ok(ordinal),
            _ => Err(Fault::new(
                Reason::BadEnum,
                format!("ordinal {ordinal} of an enum with {symbol_count} symbols"),
            )),
        }
    }

    /// The branch of a union with so many.
    pub(crate) fn read_branch(&mut self, branch_count: usize) -> Result<usize, Fault> {
        let branch = self.read_long()?;
        match usize::try_from(branch) {
            Ok(branch) if branch < branch_count => Ok(branch),
            _ => Err(Fault::new(
                Reason::BadUnion,
                format!("branch {branch} of a union with {branch_count} branches"),
            )),
        }
    }

    /// Avro's `boolean`.
    pub(crate) fn read_boolean(&mut self) -> Result<bool, Fault> {
        let Some((&byte, rest)) = self.rest.split_first() else {
            return Err(Fault::new(
                Reason::Truncated,
                "the payload ends before a boolean",
            ));
        };
        self.rest = rest;
        match byte {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Fault::new(Reason::BadBool, format!("{byte} as a boolean"))),
        }
    }

    /// Avro's `int`, held to 32 bits.
    pub(crate) fn read_int(&mut self) -> Result<i32, Fault> {
        let value = self.read_long()?;
        i32::try_from(value)
            .map_err(|_| Fault::new(Reason::IntOverflow, format!("{value} as an int of 32 bits")))
    }

    /// Passes over a value of fixed size.
    pub(crate) fn skip_fixed(&mut self, size: usize) -> Result<(), Fault> {
        let Some((_, rest)) = self.rest.split_at_checked(size) else {
            let remaining = self.remaining();
            return Err(Fault::new(
                Reason::Truncated,
                format!("{size} bytes where {remaining} are left"),
            ));
        };
        self.rest = rest;
        Ok(())
    }

    /// Holds what a block of a list announced against what its items took.
    pub(crate) fn check_block_size(&self, block: &Block, bytes_before: usize) -> Result<(), Fault> {
        let bytes_read = bytes_before.saturating_sub(self.remaining());
        match block.byte_size {
            Some(announced) if announced != bytes_read => Err(Fault::new(
                Reason::BadLength,
                format!("a block of {announced} bytes whose items take {bytes_read}"),
            )),
            _ => Ok(()),
        }
    }

    /// The branch of a union of `null` and one more type: whether a value follows.
    pub(crate) fn read_is_present(&mut self) -> Result<bool, Fault> {
        match self.read_long()? {
            0 => Ok(false),
            1 => Ok(true),
            branch => Err(Fault::new(
                Reason::BadUnion,
                format!("branch {branch} of a union with 2 branches"),
            )),
        }
    }

    /// A `decimal(18,2)` in `bytes`: two's complement, big endian, in hundredths.
    #[inline]
    pub(crate) fn read_amount(&mut self) -> Result<Money, Fault> {
        let bytes = self.read_bytes()?;
        let &[first, ..] = bytes else {
            return Err(Fault::new(Reason::BadDecimal, "a decimal without bytes"));
        };
        if bytes.len() > LONGEST_DECIMAL_BYTES {
            return Err(Fault::new(
                Reason::DecimalPrecision,
                format!("a decimal of {} bytes, 18 digits take 8", bytes.len()),
            ));
        }
        if let [0x00, 0x00..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..] = bytes {
            self.is_canonical = false;
        }
        let is_negative = first >= 0x80;
        if bytes.len() <= size_of::<i64>() {
            let sign_extension: i64 = if is_negative { -1 } else { 0 };
            let cents = bytes.iter().fold(sign_extension, |value, byte| {
                (value << 8) | i64::from(*byte)
            });
            return amount_of(i128::from(cents));
        }
        let sign_extension: i128 = if is_negative { -1 } else { 0 };
        amount_of(bytes.iter().fold(sign_extension, |value, byte| {
            (value << 8) | i128::from(*byte)
        }))
    }

    /// The head of an array's next block; nothing at the array's end.
    pub(crate) fn read_block(&mut self) -> Result<Option<Block>, Fault> {
        let count = self.read_long()?;
        if count == 0 {
            return Ok(None);
        }
        if count > 0 {
            return Ok(Some(Block {
                item_count: count.unsigned_abs(),
                byte_size: None,
            }));
        }
        if count == i64::MIN {
            return Err(Fault::new(
                Reason::BadLength,
                format!("a block that counts {count} items"),
            ));
        }
        self.is_canonical = false;
        let announced = self.read_long()?;
        match usize::try_from(announced) {
            Ok(size) if size <= self.remaining() => Ok(Some(Block {
                item_count: count.unsigned_abs(),
                byte_size: Some(size),
            })),
            _ => Err(self.impossible_length(announced)),
        }
    }

    /// Why a length that is not within the rest of the payload is refused.
    #[cold]
    fn impossible_length(&self, announced: i64) -> Fault {
        if announced < 0 {
            return Fault::new(Reason::BadLength, format!("a length of {announced} bytes"));
        }
        let remaining = self.remaining();
        let detail = format!("announces {announced} bytes where {remaining} are left");
        if announced.unsigned_abs() > self.longest_value_bytes as u64 {
            return Fault::new(Reason::AllocLimit, detail);
        }
        Fault::new(Reason::Truncated, detail)
    }
}

/// The amount of so many hundredths, if 18 digits hold them.
#[inline]
fn amount_of(hundredths: i128) -> Result<Money, Fault> {
    match i64::try_from(hundredths) {
        Ok(cents) if cents.unsigned_abs() <= Money::MAX.cents().unsigned_abs() => {
            Ok(Money::from_cents(cents))
        }
        _ => Err(Fault::new(
            Reason::DecimalPrecision,
            format!("{hundredths} hundredths have more than 18 digits"),
        )),
    }
}

/// The tenth byte of an integer must be its last, and can carry only the 64th bit.
fn check_tenth_byte(byte: u8) -> Result<(), Fault> {
    match byte {
        0 | 1 => Ok(()),
        0x80.. => Err(varint_without_end()),
        _ => Err(Fault::new(
            Reason::IntOverflow,
            "an integer of more than 64 bits",
        )),
    }
}

#[cold]
fn varint_without_end() -> Fault {
    Fault::new(Reason::BadVarint, "an integer that goes on after 10 bytes")
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;

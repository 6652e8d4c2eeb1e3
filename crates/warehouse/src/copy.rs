//! Rows in PostgreSQL's binary COPY format (PostgreSQL manual, "COPY", section "Binary Format").
//!
//! A buffer is filled where the data is at hand and sent as it is: what is counted as memory is what goes over the
//! wire. Binary COPY never casts, so each field must be written with the type of its column.

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{SinkExt, pin_mut};
use uuid::Uuid;

use crate::WarehouseError;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const HEADER_LENGTH: usize = 19;
/// 2000-01-01T00:00:00Z, PostgreSQL's epoch, in microseconds of the Unix epoch.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;
/// One message of the COPY protocol; large enough to make the cost of a message vanish.
const CHUNK_BYTES: usize = 256 * 1024;

/// Rows waiting to be copied.
#[derive(Debug)]
pub struct CopyBuffer {
    bytes: BytesMut,
    field_count: i16,
    row_count: u64,
}

impl CopyBuffer {
    /// An empty buffer for rows of so many fields.
    pub fn new(field_count: i16) -> Self {
        CopyBuffer {
            bytes: BytesMut::new(),
            field_count,
            row_count: 0,
        }
    }

    /// Begins a row; write every field, in the order of the COPY statement's columns.
    pub fn row(&mut self) -> RowWriter<'_> {
        if self.bytes.is_empty() {
            self.bytes.put_slice(SIGNATURE);
            self.bytes.put_i32(0); // flags
            self.bytes.put_i32(0); // length of the header's extension
        }
        self.row_count += 1;
        self.bytes.put_i16(self.field_count);
        RowWriter {
            bytes: &mut self.bytes,
        }
    }

    /// Rows begun so far.
    pub fn row_count(&self) -> u64 {
        self.row_count
    }

    /// Bytes that the buffer occupies.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing to copy.
    pub fn is_empty(&self) -> bool {
        self.row_count == 0
    }

    /// Closes the buffer for sending; cheap to clone, so that a transaction can be tried again.
    pub fn freeze(mut self) -> CopyRows {
        if self.bytes.is_empty() {
            self.row();
            self.bytes.truncate(HEADER_LENGTH);
            self.row_count = 0;
        }
        self.bytes.put_i16(-1);
        CopyRows {
            bytes: self.bytes.freeze(),
            row_count: self.row_count,
        }
    }
}

/// A closed buffer of rows.
#[derive(Debug, Clone)]
pub struct CopyRows {
    bytes: Bytes,
    row_count: u64,
}

impl CopyRows {
    /// Rows in it.
    pub fn row_count(&self) -> u64 {
        self.row_count
    }

    /// Copies the rows with the given `COPY … FROM STDIN (FORMAT binary)` and holds the answer against their number:
    /// a COPY that ends without its `finish` keeps nothing and says nothing.
    pub(crate) async fn copy(
        &self,
        transaction: &deadpool_postgres::Transaction<'_>,
        statement: &str,
        doing: &'static str,
    ) -> Result<(), WarehouseError> {
        if self.row_count == 0 {
            return Ok(());
        }
        let sink = transaction
            .copy_in(statement)
            .await
            .map_err(WarehouseError::database(doing))?;
        pin_mut!(sink);
        let mut rest = self.bytes.clone();
        while !rest.is_empty() {
            let chunk = rest.split_to(CHUNK_BYTES.min(rest.len()));
            // feed, not send: the next chunk is prepared while this one travels.
            sink.feed(chunk)
                .await
                .map_err(WarehouseError::database(doing))?;
        }
        let copied = sink
            .finish()
            .await
            .map_err(WarehouseError::database(doing))?;
        if copied != self.row_count {
            return Err(WarehouseError::Inconsistent(format!(
                "{doing}: sent {} rows, PostgreSQL took {copied}",
                self.row_count
            )));
        }
        Ok(())
    }
}

/// Writes the fields of one row.
#[derive(Debug)]
pub struct RowWriter<'a> {
    bytes: &'a mut BytesMut,
}

impl RowWriter<'_> {
    /// SQL NULL, of any type.
    pub fn null(&mut self) -> &mut Self {
        self.bytes.put_i32(-1);
        self
    }

    /// `smallint`.
    pub fn int2(&mut self, value: i16) -> &mut Self {
        self.bytes.put_i32(2);
        self.bytes.put_i16(value);
        self
    }

    /// `integer`.
    pub fn int4(&mut self, value: i32) -> &mut Self {
        self.bytes.put_i32(4);
        self.bytes.put_i32(value);
        self
    }

    /// `bigint`.
    pub fn int8(&mut self, value: i64) -> &mut Self {
        self.bytes.put_i32(8);
        self.bytes.put_i64(value);
        self
    }

    /// `text`. The caller answers for it that there is no U+0000 in it, which PostgreSQL cannot store.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.bytea(value.as_bytes())
    }

    /// `bytea`.
    pub fn bytea(&mut self, value: &[u8]) -> &mut Self {
        self.bytes.put_i32(length_of(value));
        self.bytes.put_slice(value);
        self
    }

    /// `bytea` or NULL.
    pub fn optional_bytea(&mut self, value: Option<&[u8]>) -> &mut Self {
        match value {
            Some(value) => self.bytea(value),
            None => self.null(),
        }
    }

    /// `uuid`.
    pub fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.bytea(value.as_bytes())
    }

    /// `uuid` or NULL.
    pub fn optional_uuid(&mut self, value: Option<Uuid>) -> &mut Self {
        match value {
            Some(value) => self.uuid(value),
            None => self.null(),
        }
    }

    /// `timestamptz`, to the microsecond.
    pub fn timestamptz(&mut self, value: DateTime<Utc>) -> &mut Self {
        self.int8(
            value
                .timestamp_micros()
                .saturating_sub(POSTGRES_EPOCH_MICROS),
        )
    }

    /// `date`.
    pub fn date(&mut self, value: NaiveDate) -> &mut Self {
        let midnight = value.and_time(chrono::NaiveTime::MIN).and_utc();
        let days = (midnight.timestamp_micros() - POSTGRES_EPOCH_MICROS) / 86_400_000_000;
        self.int4(i32::try_from(days).unwrap_or(i32::MAX))
    }

    /// `numeric` with two decimals, given in hundredths.
    pub fn numeric_cents(&mut self, cents: i64) -> &mut Self {
        let mut digits = [0i16; 7];
        let magnitude = cents.unsigned_abs();
        let (mut whole, fraction) = (magnitude / 100, magnitude % 100);
        // Base 10,000, least significant first: the fraction is one digit of its own.
        let mut count = 0;
        for digit in &mut digits {
            if count == 0 {
                *digit = i16::try_from(fraction * 100).unwrap_or(0);
            } else if whole > 0 {
                *digit = i16::try_from(whole % 10_000).unwrap_or(0);
                whole /= 10_000;
            } else {
                break;
            }
            count += 1;
        }
        let weight = i16::try_from(count).unwrap_or(0) - 2;
        self.bytes
            .put_i32(8 + 2 * i32::try_from(count).unwrap_or(0));
        self.bytes.put_i16(weight + 2);
        self.bytes.put_i16(weight);
        self.bytes.put_i16(if cents < 0 { 0x4000 } else { 0 });
        self.bytes.put_i16(2);
        for digit in digits.iter().take(count).rev() {
            self.bytes.put_i16(*digit);
        }
        self
    }

    /// `bytea[]` with an element NULL where it is absent.
    pub fn bytea_array<'v>(
        &mut self,
        values: impl Iterator<Item = Option<&'v [u8]>> + Clone,
    ) -> &mut Self {
        const BYTEA_OID: u32 = 17;
        let start = self.bytes.len();
        self.bytes.put_i32(0); // the length, known at the end
        let count = i32::try_from(values.clone().count()).unwrap_or(i32::MAX);
        self.bytes.put_i32(i32::from(count > 0)); // dimensions
        self.bytes
            .put_i32(i32::from(values.clone().any(|value| value.is_none())));
        self.bytes.put_u32(BYTEA_OID);
        if count > 0 {
            self.bytes.put_i32(count);
            self.bytes.put_i32(1); // lower bound
        }
        for value in values {
            self.optional_bytea(value);
        }
        let length = i32::try_from(self.bytes.len() - start - 4).unwrap_or(i32::MAX);
        if let Some(place) = self.bytes.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
        self
    }
}

/// A field's length. Fields come from Kafka records, which are far below 2 GiB.
fn length_of(value: &[u8]) -> i32 {
    i32::try_from(value.len()).unwrap_or(i32::MAX)
}

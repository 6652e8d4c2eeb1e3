//! One Kafka record, borrowed from the client's memory, and the hash that identifies its content.

use chrono::{DateTime, TimeZone, Utc};
use sha2::{Digest, Sha256};

/// Name and value of a header, both as bytes: Kafka does not promise that names are UTF-8.
pub type Header<'a> = (&'a [u8], Option<&'a [u8]>);

/// PostgreSQL's calendar begins in 4713 BC; senders may stamp anything.
const EARLIEST_TIMESTAMP_MILLIS: i64 = -210_866_803_200_000;

/// One Kafka record.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Kafka partition.
    pub partition: i32,
    /// Kafka offset.
    pub offset: i64,
    /// The record's own timestamp.
    pub timestamp: Option<DateTime<Utc>>,
    /// The record's key; absent and empty are different things, as they are for the payload and header values.
    pub key: Option<&'a [u8]>,
    /// The record's headers in order.
    pub headers: &'a [Header<'a>],
    /// The record's value; absent in a tombstone.
    pub payload: Option<&'a [u8]>,
}

impl Record<'_> {
    /// Bytes of key, headers and payload.
    pub fn content_length(&self) -> usize {
        let length = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + length(*value))
            .sum();
        length(self.key) + headers + length(self.payload)
    }

    /// Replaces `image` by the bytes that [`hash_image`] is taken of: each part with its length before it, so that no two
    /// contents have the same image. Offset and timestamp are no part of it.
    pub fn write_image(&self, image: &mut Vec<u8>) {
        image.clear();
        write_part(image, self.key);
        image.extend_from_slice(&(self.headers.len() as u64).to_be_bytes());
        for (name, value) in self.headers {
            write_part(image, Some(name));
            write_part(image, *value);
        }
        write_part(image, self.payload);
    }
}

/// The length as a signed 64-bit number, big endian, then the bytes; an absent part is the length -1.
fn write_part(image: &mut Vec<u8>, part: Option<&[u8]>) {
    let length = part.map_or(-1, |bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    image.extend_from_slice(&length.to_be_bytes());
    image.extend_from_slice(part.unwrap_or_default());
}

/// SHA-256 of a record's image. It is stored in the ledger, so its definition must never change.
pub fn hash_image(image: &[u8]) -> [u8; 32] {
    Sha256::digest(image).into()
}

/// A Kafka timestamp in milliseconds as a time, or nothing where PostgreSQL has no such time.
pub fn timestamp_from_millis(millis: i64) -> Option<DateTime<Utc>> {
    if millis < EARLIEST_TIMESTAMP_MILLIS {
        return None;
    }
    // The latest time that chrono knows lies 32,000 years before PostgreSQL's.
    Utc.timestamp_millis_opt(millis).single()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record<'a>(
        key: Option<&'a [u8]>,
        headers: &'a [Header<'a>],
        payload: Option<&'a [u8]>,
    ) -> Record<'a> {
        Record {
            partition: 0,
            offset: 0,
            timestamp: None,
            key,
            headers,
            payload,
        }
    }

    fn image(record: Record<'_>) -> Vec<u8> {
        let mut image = vec![1, 2, 3];
        record.write_image(&mut image);
        image
    }

    #[test]
    fn the_hash_is_the_one_that_ledgers_hold() {
        let headers: [Header<'_>; 2] = [(b"h", Some(b"v")), (b"n", None)];
        let image = image(record(Some(b"key"), &headers, Some(b"payload")));
        let hex: String = hash_image(&image)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "80ee428bc489980a7843fabf312a52d195d2f7b92cd4a8154a4db8d24b1bc198"
        );
    }

    #[test]
    fn contents_that_only_join_differently_have_different_images() {
        let one_header: [Header<'_>; 1] = [(b"a", Some(b"b"))];
        let null_header: [Header<'_>; 1] = [(b"a", None)];
        let empty_header: [Header<'_>; 1] = [(b"a", Some(b""))];
        let records = [
            record(None, &[], None),
            record(Some(b""), &[], None),
            record(None, &[], Some(b"")),
            record(Some(b"ab"), &[], Some(b"c")),
            record(Some(b"a"), &[], Some(b"bc")),
            record(None, &one_header, None),
            record(None, &null_header, None),
            record(None, &empty_header, None),
        ];
        for (index, one) in records.iter().enumerate() {
            for other in &records[index + 1..] {
                assert_ne!(image(*one), image(*other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn times_outside_of_the_calendar_are_absent() {
        assert!(timestamp_from_millis(0).is_some());
        assert!(timestamp_from_millis(EARLIEST_TIMESTAMP_MILLIS).is_some());
        assert!(timestamp_from_millis(EARLIEST_TIMESTAMP_MILLIS - 1).is_none());
        assert!(timestamp_from_millis(i64::MAX).is_none());
        assert!(timestamp_from_millis(i64::MIN).is_none());
    }

    proptest! {
        #[test]
        fn the_length_counts_every_byte_of_content(
            key in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
            name in proptest::collection::vec(any::<u8>(), 0..9),
            value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)),
        ) {
            let headers: [Header<'_>; 1] = [(&name, value.as_deref())];
            let record = record(key.as_deref(), &headers, None);
            let expected = key.as_ref().map_or(0, Vec::len) + name.len() + value.as_ref().map_or(0, Vec::len);
            prop_assert_eq!(record.content_length(), expected);
            prop_assert_eq!(image(record).len(), expected + 5 * 8);
        }
    }
}

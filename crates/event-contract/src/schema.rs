//! The schemas that this build knows, and the fingerprints by which a payload names the one it was written with.
//!
//! A schema file is never edited once events were written with it: a change is a new file with a new fingerprint.

use crate::TransactionEvent;

/// The Avro schema of contract version 1, as text: record `assay.ecommerce.TransactionEvent`.
pub const TRANSACTION_EVENT_V1: &str = include_str!("../schemas/transaction_event.v1.avsc");

/// The Avro schema of contract version 2: version 1 with two optional fields more, `customer.segment` and `coupon_code`.
pub const TRANSACTION_EVENT_V2: &str = include_str!("../schemas/transaction_event.v2.avsc");

/// CRC-64-AVRO of the schema's Parsing Canonical Form, in the byte order of the wire (little endian).
///
/// Written out rather than computed at start; a test computes it from [`TRANSACTION_EVENT_V1`] in two ways.
pub const FINGERPRINT_V1: [u8; 8] = [0xE6, 0x2B, 0xAC, 0x21, 0x73, 0xD6, 0x36, 0x8F];

/// CRC-64-AVRO of [`TRANSACTION_EVENT_V2`], likewise.
pub const FINGERPRINT_V2: [u8; 8] = [0x27, 0x38, 0x34, 0x60, 0x68, 0x0B, 0xC5, 0xE4];

/// A schema that this build can decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchemaVersion {
    /// [`TRANSACTION_EVENT_V1`].
    V1,
    /// [`TRANSACTION_EVENT_V2`].
    V2,
}

impl SchemaVersion {
    /// All versions, the oldest first.
    pub const ALL: &'static [SchemaVersion] = &[SchemaVersion::V1, SchemaVersion::V2];

    /// The schema with this fingerprint (wire order); nothing for one that nobody here knows.
    pub fn by_fingerprint(fingerprint: [u8; 8]) -> Option<SchemaVersion> {
        match fingerprint {
            FINGERPRINT_V1 => Some(SchemaVersion::V1),
            FINGERPRINT_V2 => Some(SchemaVersion::V2),
            _ => None,
        }
    }

    /// CRC-64-AVRO of the schema, in the byte order of the wire.
    pub const fn fingerprint(self) -> [u8; 8] {
        match self {
            SchemaVersion::V1 => FINGERPRINT_V1,
            SchemaVersion::V2 => FINGERPRINT_V2,
        }
    }

    /// The schema as text.
    pub const fn text(self) -> &'static str {
        match self {
            SchemaVersion::V1 => TRANSACTION_EVENT_V1,
            SchemaVersion::V2 => TRANSACTION_EVENT_V2,
        }
    }

    /// The oldest version that holds all of the event.
    pub fn needed_by(event: &TransactionEvent) -> SchemaVersion {
        if event.coupon_code.is_some() || event.customer.segment.is_some() {
            SchemaVersion::V2
        } else {
            SchemaVersion::V1
        }
    }
}

#[cfg(test)]
mod tests {
    use apache_avro::Schema;
    use apache_avro::rabin::Rabin;
    use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};

    use super::*;

    /// CRC-64-AVRO as the specification writes it down, bit by bit, apart from any library.
    fn crc_64_avro(bytes: &[u8]) -> u64 {
        const EMPTY: u64 = 0xC15D_213A_A4D7_A795;
        bytes.iter().fold(EMPTY, |crc, byte| {
            let entry = (0..8).fold((crc ^ u64::from(*byte)) & 0xFF, |value, _| {
                (value >> 1) ^ (EMPTY & (value & 1).wrapping_neg())
            });
            (crc >> 8) ^ entry
        })
    }

    #[test]
    fn the_fingerprints_are_those_of_the_schema_files() {
        for version in SchemaVersion::ALL {
            let schema = Schema::parse_str(version.text()).unwrap();
            let by_library = schema.fingerprint::<Rabin>().bytes;
            let canonical_form = schema.canonical_form();
            let by_specification = crc_64_avro(canonical_form.as_bytes()).to_le_bytes();
            assert_eq!(
                by_library, by_specification,
                "library and specification differ"
            );
            assert_eq!(
                by_library,
                version.fingerprint(),
                "the schema file of {version:?} was changed: {by_library:02x?}"
            );
            assert_eq!(
                SchemaVersion::by_fingerprint(version.fingerprint()),
                Some(*version)
            );
        }
    }

    /// Whoever knows one version can read what the other writes: in both directions, or a topic could not hold both.
    #[test]
    fn every_version_reads_every_other() {
        for writer in SchemaVersion::ALL {
            for reader in SchemaVersion::ALL {
                let [written, read] =
                    [writer, reader].map(|version| Schema::parse_str(version.text()).unwrap());
                let compatibility = SchemaCompatibility::can_read(&written, &read);
                assert_eq!(
                    compatibility.ok(),
                    Some(Compatibility::Full),
                    "{reader:?} reads {writer:?}"
                );
            }
        }
    }

    #[test]
    fn a_new_field_without_a_default_would_be_found() {
        let careless = TRANSACTION_EVENT_V2.replace("\"default\": null,", "");
        let [old, new] =
            [TRANSACTION_EVENT_V1, &careless].map(|text| Schema::parse_str(text).unwrap());
        assert!(SchemaCompatibility::can_read(&old, &new).is_err());
    }

    #[test]
    fn a_fingerprint_in_the_wrong_byte_order_is_unknown() {
        let mut reversed = FINGERPRINT_V1;
        reversed.reverse();
        assert_eq!(
            SchemaVersion::by_fingerprint(FINGERPRINT_V1),
            Some(SchemaVersion::V1)
        );
        assert_eq!(SchemaVersion::by_fingerprint(reversed), None);
    }
}

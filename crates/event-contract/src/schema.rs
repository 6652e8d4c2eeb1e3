//! The schemas that this build knows, and the fingerprints by which a payload names the one it was written with.
//!
//! A schema file is never edited once events were written with it: a change is a new file with a new fingerprint.

/// The Avro schema of contract version 1, as text: record `assay.ecommerce.TransactionEvent`.
pub const TRANSACTION_EVENT_V1: &str = include_str!("../schemas/transaction_event.v1.avsc");

/// CRC-64-AVRO of the schema's Parsing Canonical Form, in the byte order of the wire (little endian).
///
/// Written out rather than computed at start; a test computes it from [`TRANSACTION_EVENT_V1`] in two ways.
pub const FINGERPRINT_V1: [u8; 8] = [0xE6, 0x2B, 0xAC, 0x21, 0x73, 0xD6, 0x36, 0x8F];

/// A schema that this build can decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaVersion {
    /// [`TRANSACTION_EVENT_V1`].
    V1,
}

impl SchemaVersion {
    /// The schema with this fingerprint (wire order); nothing for one that nobody here knows.
    pub fn by_fingerprint(fingerprint: [u8; 8]) -> Option<SchemaVersion> {
        match fingerprint {
            FINGERPRINT_V1 => Some(SchemaVersion::V1),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use apache_avro::Schema;
    use apache_avro::rabin::Rabin;

    use super::*;

    fn canonical_form_v1() -> String {
        Schema::parse_str(TRANSACTION_EVENT_V1)
            .unwrap()
            .canonical_form()
    }

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
    fn the_fingerprint_is_that_of_the_schema_file() {
        let schema = Schema::parse_str(TRANSACTION_EVENT_V1).unwrap();
        let by_library = schema.fingerprint::<Rabin>().bytes;
        let by_specification = crc_64_avro(canonical_form_v1().as_bytes()).to_le_bytes();
        assert_eq!(
            by_library, by_specification,
            "library and specification differ"
        );
        assert_eq!(
            by_library, FINGERPRINT_V1,
            "the schema file was changed: {by_library:02x?}"
        );
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

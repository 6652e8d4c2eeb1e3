//! Finds out by its first bytes how a payload is framed.

use crate::encode::{SINGLE_OBJECT_HEADER_BYTES, SINGLE_OBJECT_MAGIC};
use crate::fault::{Fault, hex};
use crate::schema::SchemaVersion;
use crate::{Limits, Reason};

const CONFLUENT_MAGIC: u8 = 0x00;
const CONTAINER_FILE_MAGIC: &[u8] = b"Obj\x01";

/// A payload without its frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// An Avro datum, and the schema it was written with.
    Avro(SchemaVersion, &'a [u8]),
    /// An Avro datum behind the id of its schema in a registry: the Confluent wire format.
    Confluent(u32, &'a [u8]),
    /// What begins like a JSON object: the whole payload.
    Json(&'a [u8]),
}

/// Takes the frame off a payload; nothing stands for a null value.
pub(crate) fn open<'a>(payload: Option<&'a [u8]>, limits: &Limits) -> Result<Frame<'a>, Fault> {
    let Some(payload) = payload else {
        return Err(Fault::new(Reason::Tombstone, "the value is null"));
    };
    if payload.len() > limits.max_payload_bytes {
        return Err(Fault::new(
            Reason::Oversize,
            format!(
                "{} bytes, at most {} are judged",
                payload.len(),
                limits.max_payload_bytes
            ),
        ));
    }
    match payload {
        [] => Err(Fault::new(Reason::Empty, "the value has no bytes")),
        [b'{', ..] => Ok(Frame::Json(payload)),
        [CONFLUENT_MAGIC, after_magic @ ..] => open_confluent(after_magic),
        [0xC3] => Err(short_single_object(payload)),
        [first, second, ..] if [*first, *second] == SINGLE_OBJECT_MAGIC => {
            open_single_object(payload)
        }
        _ => Err(unknown_magic(payload)),
    }
}

fn open_single_object(payload: &[u8]) -> Result<Frame<'_>, Fault> {
    let Some((header, datum)) = payload.split_first_chunk::<SINGLE_OBJECT_HEADER_BYTES>() else {
        return Err(short_single_object(payload));
    };
    let [_, _, fingerprint @ ..] = *header;
    match SchemaVersion::by_fingerprint(fingerprint) {
        Some(version) => Ok(Frame::Avro(version, datum)),
        None => Err(Fault::new(
            Reason::UnknownSchema,
            format!(
                "no schema here has the fingerprint {:016x}: judge again with a build that knows it",
                u64::from_le_bytes(fingerprint)
            ),
        )),
    }
}

#[cold]
fn short_single_object(payload: &[u8]) -> Fault {
    Fault::new(
        Reason::ShortHeader,
        format!(
            "{} of the {SINGLE_OBJECT_HEADER_BYTES} bytes of an Avro single-object header: {}",
            payload.len(),
            hex(payload)
        ),
    )
}

/// The Confluent wire format: `00`, four bytes of schema id (big endian), the datum.
fn open_confluent(after_magic: &[u8]) -> Result<Frame<'_>, Fault> {
    match after_magic.split_first_chunk::<4>() {
        Some((id, datum)) => Ok(Frame::Confluent(u32::from_be_bytes(*id), datum)),
        None => Err(Fault::new(
            Reason::ShortHeader,
            format!("{} of 5 bytes of a Confluent header", after_magic.len() + 1),
        )),
    }
}

#[cold]
fn unknown_magic(payload: &[u8]) -> Fault {
    let looks_like = if payload.starts_with(CONTAINER_FILE_MAGIC) {
        "an Avro object container file, which is not a frame for single events"
    } else if std::str::from_utf8(payload).is_ok() {
        "text"
    } else {
        "no known frame"
    };
    Fault::new(
        Reason::BadMagic,
        format!("{looks_like}; begins with {}", hex(payload)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::FINGERPRINT_V1;

    fn reason(payload: &[u8]) -> Reason {
        let opened = open(Some(payload), &Limits::default());
        opened.unwrap_err().into_parts().0
    }

    #[test]
    fn frames_by_their_first_bytes() {
        assert_eq!(reason(&[]), Reason::Empty);
        assert_eq!(reason(&[0xC3]), Reason::ShortHeader);
        assert_eq!(
            reason(&[0xC3, 0x01, 1, 2, 3, 4, 5, 6, 7]),
            Reason::ShortHeader
        );
        assert_eq!(
            reason(&[0xC3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8]),
            Reason::UnknownSchema
        );
        assert_eq!(
            reason(&[0xC3, 0x02, 1, 2, 3, 4, 5, 6, 7, 8]),
            Reason::BadMagic
        );
        assert_eq!(reason(&[0xC3, 0x28]), Reason::BadMagic);
        assert_eq!(reason(&[0]), Reason::ShortHeader);
        assert_eq!(reason(&[0, 0, 0, 1]), Reason::ShortHeader);
        assert_eq!(
            open(Some(&[0, 0, 0, 1, 2, 3]), &Limits::default()).unwrap(),
            Frame::Confluent(258, &[3])
        );
        assert_eq!(reason(&[1]), Reason::BadMagic);
        assert_eq!(reason(b"Obj\x01"), Reason::BadMagic);
        assert_eq!(reason(b" {}"), Reason::BadMagic);
        assert_eq!(reason(b"\xEF\xBB\xBF{}"), Reason::BadMagic);
    }

    #[test]
    fn a_known_fingerprint_gives_the_datum() {
        let mut payload = SINGLE_OBJECT_MAGIC.to_vec();
        payload.extend(FINGERPRINT_V1);
        payload.push(7);
        let opened = open(Some(&payload), &Limits::default()).unwrap();
        assert_eq!(opened, Frame::Avro(SchemaVersion::V1, &[7]));
    }

    #[test]
    fn the_limit_is_inclusive() {
        let limits = Limits {
            max_payload_bytes: 2,
            ..Limits::default()
        };
        assert!(open(Some(b"{}"), &limits).is_ok());
        let (reason, _) = open(Some(b"{ }"), &limits).unwrap_err().into_parts();
        assert_eq!(reason, Reason::Oversize);
        let (reason, _) = open(None, &limits).unwrap_err().into_parts();
        assert_eq!(reason, Reason::Tombstone);
    }
}

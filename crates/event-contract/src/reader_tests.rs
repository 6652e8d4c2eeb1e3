use super::*;

const LONGEST_VALUE_BYTES: usize = 1_000;

fn reader(bytes: &[u8]) -> Reader<'_> {
    Reader::new(bytes, LONGEST_VALUE_BYTES)
}

fn reason_of<T: std::fmt::Debug>(result: Result<T, Fault>) -> Reason {
    result.unwrap_err().into_parts().0
}

fn long(bytes: &[u8]) -> Result<i64, Reason> {
    reader(bytes)
        .read_long()
        .map_err(|fault| fault.into_parts().0)
}

fn amount(bytes: &[u8]) -> Result<i64, Reason> {
    let mut field = vec![u8::try_from(bytes.len() * 2).unwrap()];
    if bytes.len() > 63 {
        field = vec![0xC8, 0x01];
    }
    field.extend_from_slice(bytes);
    reader(&field)
        .read_amount()
        .map(Money::cents)
        .map_err(|fault| fault.into_parts().0)
}

#[test]
fn longs_of_every_size() {
    assert_eq!(long(&[0]), Ok(0));
    assert_eq!(long(&[1]), Ok(-1));
    assert_eq!(long(&[0x7F]), Ok(-64));
    assert_eq!(long(&[0x80, 0x01]), Ok(64));
    assert_eq!(
        long(&[254, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        Ok(i64::MAX)
    );
    assert_eq!(
        long(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        Ok(i64::MIN)
    );
}

#[test]
fn longs_that_are_none() {
    assert_eq!(long(&[]), Err(Reason::Truncated));
    assert_eq!(long(&[0x80; 9]), Err(Reason::Truncated));
    assert_eq!(long(&[0x80; 10]), Err(Reason::BadVarint));
    assert_eq!(long(&[0xFF; 11]), Err(Reason::BadVarint));
    assert_eq!(
        long(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02]),
        Err(Reason::IntOverflow)
    );
}

#[test]
fn a_padded_long_is_read_but_is_not_canonical() {
    let mut padded = reader(&[0x82, 0x00]);
    assert_eq!(padded.read_long().unwrap(), 1);
    assert!(!padded.is_canonical());
    let mut shortest = reader(&[0x80, 0x01]);
    assert_eq!(shortest.read_long().unwrap(), 64);
    assert!(shortest.is_canonical());
}

#[test]
fn lengths_are_held_against_what_is_left() {
    assert_eq!(reader(&[4, b'a', b'b', b'c']).read_bytes().unwrap(), b"ab");
    assert_eq!(
        reason_of(reader(&[6, b'a', b'b']).read_bytes()),
        Reason::Truncated
    );
    assert_eq!(reason_of(reader(&[1]).read_bytes()), Reason::BadLength);
    // 1,000 is the longest value, 1,001 is beyond it.
    assert_eq!(
        reason_of(reader(&[0xD0, 0x0F]).read_bytes()),
        Reason::Truncated
    );
    assert_eq!(
        reason_of(reader(&[0xD2, 0x0F]).read_bytes()),
        Reason::AllocLimit
    );
    let longest = [254, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    assert_eq!(reason_of(reader(&longest).read_bytes()), Reason::AllocLimit);
}

#[test]
fn strings_are_utf8_and_bounded() {
    assert_eq!(reader(&[4, b'a', b'b']).read_str(2).unwrap(), "ab");
    assert_eq!(
        reason_of(reader(&[4, b'a', b'b']).read_str(1)),
        Reason::FieldTooLong
    );
    assert_eq!(
        reason_of(reader(&[4, 0xC3, 0x28]).read_str(9)),
        Reason::BadUtf8
    );
    // A surrogate half, as CESU-8 writes it.
    assert_eq!(
        reason_of(reader(&[6, 0xED, 0xA0, 0x80]).read_str(9)),
        Reason::BadUtf8
    );
}

#[test]
fn symbols_and_branches_exist() {
    let symbols = ['a', 'b'];
    assert_eq!(reader(&[2]).read_symbol(&symbols).unwrap(), 'b');
    assert_eq!(
        reason_of(reader(&[4]).read_symbol(&symbols)),
        Reason::BadEnum
    );
    assert_eq!(
        reason_of(reader(&[1]).read_symbol(&symbols)),
        Reason::BadEnum
    );
    assert!(!reader(&[0]).read_is_present().unwrap());
    assert!(reader(&[2]).read_is_present().unwrap());
    assert_eq!(reason_of(reader(&[14]).read_is_present()), Reason::BadUnion);
    assert_eq!(reason_of(reader(&[1]).read_is_present()), Reason::BadUnion);
    assert_eq!(reason_of(reader(&[]).read_is_present()), Reason::Truncated);
}

#[test]
fn amounts_are_twos_complement_of_up_to_18_digits() {
    assert_eq!(amount(&[0]), Ok(0));
    assert_eq!(amount(&[0x7F]), Ok(127));
    assert_eq!(amount(&[0x00, 0x80]), Ok(128));
    assert_eq!(amount(&[0xFF]), Ok(-1));
    assert_eq!(amount(&[0x80]), Ok(-128));
    let largest = 999_999_999_999_999_999_i64;
    assert_eq!(amount(&largest.to_be_bytes()), Ok(largest));
    assert_eq!(amount(&(-largest).to_be_bytes()), Ok(-largest));
    assert_eq!(
        amount(&(largest + 1).to_be_bytes()),
        Err(Reason::DecimalPrecision)
    );
    assert_eq!(
        amount(&(-largest - 1).to_be_bytes()),
        Err(Reason::DecimalPrecision)
    );
    assert_eq!(
        amount(&i64::MIN.to_be_bytes()),
        Err(Reason::DecimalPrecision)
    );
    assert_eq!(amount(&i128::from(largest).to_be_bytes()), Ok(largest));
    assert_eq!(amount(&i128::from(-largest).to_be_bytes()), Ok(-largest));
    assert_eq!(
        amount(&i128::MAX.to_be_bytes()),
        Err(Reason::DecimalPrecision)
    );
    assert_eq!(
        amount(&i128::MIN.to_be_bytes()),
        Err(Reason::DecimalPrecision)
    );
    assert_eq!(amount(&[0; 17]), Err(Reason::DecimalPrecision));
    assert_eq!(amount(&[0; 100]), Err(Reason::DecimalPrecision));
    assert_eq!(amount(&[]), Err(Reason::BadDecimal));
}

#[test]
fn only_the_shortest_decimal_is_canonical() {
    let is_canonical = |field: &[u8]| {
        let mut reader = reader(field);
        reader.read_amount().unwrap();
        reader.is_canonical()
    };
    assert!(is_canonical(&[2, 0x00]));
    assert!(is_canonical(&[2, 0xFF]));
    assert!(is_canonical(&[4, 0x00, 0x80]));
    assert!(is_canonical(&[4, 0xFF, 0x7F]));
    assert!(!is_canonical(&[4, 0x00, 0x7F]));
    assert!(!is_canonical(&[4, 0xFF, 0x80]));
    assert!(!is_canonical(&[4, 0x00, 0x00]));
}

#[test]
fn blocks_with_and_without_a_size() {
    let mut end = reader(&[0]);
    assert_eq!(end.read_block().unwrap(), None);
    assert!(end.is_canonical());

    let mut plain = reader(&[6]);
    let plain_block = Block {
        item_count: 3,
        byte_size: None,
    };
    assert_eq!(plain.read_block().unwrap(), Some(plain_block));
    assert!(plain.is_canonical());

    let mut sized = reader(&[5, 4, 0, 0]);
    let sized_block = Block {
        item_count: 3,
        byte_size: Some(2),
    };
    assert_eq!(sized.read_block().unwrap(), Some(sized_block));
    assert!(!sized.is_canonical());
}

#[test]
fn blocks_that_cannot_be() {
    let lowest = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    assert_eq!(reason_of(reader(&lowest).read_block()), Reason::BadLength);
    assert_eq!(reason_of(reader(&[5, 1]).read_block()), Reason::BadLength);
    assert_eq!(
        reason_of(reader(&[5, 4, 0]).read_block()),
        Reason::Truncated
    );
    assert_eq!(reason_of(reader(&[5]).read_block()), Reason::Truncated);
    assert_eq!(
        reason_of(reader(&[5, 0xD2, 0x0F]).read_block()),
        Reason::AllocLimit
    );
}

//! Passes over values that only the writer knows. They are held to the same strictness as all else, and to bounds on how
//! deep they nest and how many there are: a value of a type like `array<null>` can announce millions in a few bytes.

use crate::Reason;
use crate::fault::Fault;
use crate::reader::Reader;

/// Records, lists and unions within each other.
const MAX_DEPTH: usize = 32;

/// Values that a payload may have beyond one for each of its bytes: those that take no bytes at all.
const FREE_VALUES: usize = 10_000;

/// The types of skipped values; a type names those within it by their place here.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Skips(pub(super) Vec<Skip>);

#[derive(Debug, PartialEq)]
pub(super) enum Skip {
    Null,
    Boolean,
    Int,
    Long,
    /// So many bytes.
    Fixed(usize),
    Bytes,
    Text,
    /// With so many symbols.
    Enum(usize),
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<usize>),
}

impl Skips {
    /// Adds a type and gives its number.
    pub(super) fn add(&mut self, skip: Skip) -> usize {
        self.0.push(skip);
        self.0.len() - 1
    }
}

/// Whether a value stands behind a key, as in a map.
struct HasKeys(bool);

/// Passes over the values of one datum, and counts them.
pub(super) struct Skipper<'p> {
    skips: &'p Skips,
    values_left: usize,
}

impl<'p> Skipper<'p> {
    pub(super) fn new(skips: &'p Skips, datum_bytes: usize) -> Skipper<'p> {
        Skipper {
            skips,
            values_left: datum_bytes.saturating_add(FREE_VALUES),
        }
    }

    pub(super) fn skip(&mut self, reader: &mut Reader<'_>, number: usize) -> Result<(), Fault> {
        self.skip_at_depth(reader, number, 0)
    }

    fn skip_at_depth(
        &mut self,
        reader: &mut Reader<'_>,
        number: usize,
        depth: usize,
    ) -> Result<(), Fault> {
        self.values_left = self.values_left.checked_sub(1).ok_or_else(too_many)?;
        if depth > MAX_DEPTH {
            let detail =
                format!("more than {MAX_DEPTH} records, lists and unions within each other");
            return Err(Fault::new(Reason::DepthLimit, detail));
        }
        match self.skips.0.get(number) {
            None | Some(Skip::Null) => Ok(()),
            Some(Skip::Boolean) => reader.read_boolean().map(drop),
            Some(Skip::Int) => reader.read_int().map(drop),
            Some(Skip::Long) => reader.read_long().map(drop),
            Some(Skip::Fixed(size)) => reader.skip_fixed(*size),
            Some(Skip::Bytes) => reader.read_bytes().map(drop),
            Some(Skip::Text) => reader.read_str(usize::MAX).map(drop),
            Some(Skip::Enum(symbol_count)) => reader.read_ordinal(*symbol_count).map(drop),
            Some(Skip::Array(item)) => self.skip_blocks(reader, HasKeys(false), *item, depth),
            Some(Skip::Map(value)) => self.skip_blocks(reader, HasKeys(true), *value, depth),
            Some(Skip::Union(branches)) => {
                let branch = reader.read_branch(branches.len())?;
                let chosen = branches.get(branch).copied().unwrap_or_default();
                self.skip_at_depth(reader, chosen, depth + 1)
            }
            Some(Skip::Record(fields)) => {
                for field in fields {
                    self.skip_at_depth(reader, *field, depth + 1)?;
                }
                Ok(())
            }
        }
    }

    /// The blocks of an array, or of a map, whose values stand behind keys.
    fn skip_blocks(
        &mut self,
        reader: &mut Reader<'_>,
        HasKeys(has_keys): HasKeys,
        value: usize,
        depth: usize,
    ) -> Result<(), Fault> {
        while let Some(block) = reader.read_block()? {
            let is_possible =
                usize::try_from(block.item_count).is_ok_and(|count| count <= self.values_left);
            if !is_possible {
                return Err(too_many());
            }
            let bytes_before = reader.remaining();
            for _ in 0..block.item_count {
                if has_keys {
                    reader.read_str(usize::MAX)?;
                }
                self.skip_at_depth(reader, value, depth + 1)?;
            }
            reader.check_block_size(&block, bytes_before)?;
        }
        Ok(())
    }
}

#[cold]
fn too_many() -> Fault {
    Fault::new(
        Reason::AllocLimit,
        "announces more values than a payload of this size can have",
    )
}

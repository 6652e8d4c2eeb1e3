/// Why an event was quarantined. Stable codes: they are stored, shown and filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The value is null.
    Tombstone,
}

impl Reason {
    /// The code as stored in `silver.quarantined_events.reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::Tombstone => "tombstone",
        }
    }
}

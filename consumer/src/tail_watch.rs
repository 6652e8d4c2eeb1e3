//! Picks the partitions whose end may hold no record, see [`crate::tail`], sparingly: each look is a client of its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::assembly::Assembly;
use crate::settings::ConsumerSettings;
use crate::tail::find_end_without_records;

/// For so long a partition must have been quiet although its log goes on.
const QUIET_BEFORE_LOOK: Duration = Duration::from_secs(2);
/// How long until the same partition is looked at again.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);
const LOOK_LIMIT: Duration = Duration::from_secs(3);

/// When each partition last brought a record or was looked at.
#[derive(Debug, Default)]
pub struct TailWatch {
    not_before: BTreeMap<i32, Instant>,
}

impl TailWatch {
    /// A record of the partition arrived.
    pub fn arrived(&mut self, partition: i32, now: Instant) {
        self.not_before.insert(partition, now + QUIET_BEFORE_LOOK);
    }

    /// The partition is not ours any more.
    pub fn forget(&mut self, partition: i32) {
        self.not_before.remove(&partition);
    }

    /// A partition that is worth a look now, with its expected offset.
    pub fn pick_quiet(
        &mut self,
        assembly: &Assembly,
        log_ends: &BTreeMap<i32, i64>,
        now: Instant,
    ) -> Option<(i32, i64)> {
        for (partition, end) in log_ends {
            let Some(cursor) = assembly.cursor(*partition) else {
                continue;
            };
            if *end <= cursor.expected() {
                // Caught up: quiet counts from when the log goes on.
                self.not_before.insert(*partition, now + QUIET_BEFORE_LOOK);
                continue;
            }
            let not_before = self
                .not_before
                .entry(*partition)
                .or_insert(now + QUIET_BEFORE_LOOK);
            if now >= *not_before {
                *not_before = now + BETWEEN_LOOKS;
                return Some((*partition, cursor.expected()));
            }
        }
        None
    }

    /// Looks. Blocks for a moment.
    pub fn examine(settings: &ConsumerSettings, partition: i32, expected: i64) -> Option<i64> {
        match find_end_without_records(settings, partition, expected, LOOK_LIMIT) {
            Ok(end) => end,
            Err(error) => {
                tracing::debug!(partition, %error, "the end of the log cannot be looked at now");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::positions::Cursor;
    use crate::settings::example_settings;

    #[test]
    fn only_a_quiet_partition_whose_log_goes_on_is_looked_at_and_not_too_often() {
        let mut assembly = Assembly::new(1, example_settings().limits);
        assembly.assign(0, Cursor::new(1, 10, None, false));
        assembly.assign(1, Cursor::new(1, 10, None, false));
        let ends = BTreeMap::from([(0, 12), (1, 10), (9, 50)]);
        let start = Instant::now();
        let mut watch = TailWatch::default();
        let mut pick = |after: Duration| watch.pick_quiet(&assembly, &ends, start + after);
        assert_eq!(pick(Duration::ZERO), None);
        assert_eq!(pick(QUIET_BEFORE_LOOK / 2), None);
        assert_eq!(pick(QUIET_BEFORE_LOOK), Some((0, 10)));
        assert_eq!(pick(QUIET_BEFORE_LOOK * 2), None);
        assert_eq!(pick(QUIET_BEFORE_LOOK + BETWEEN_LOOKS), Some((0, 10)));

        watch.arrived(0, start + BETWEEN_LOOKS * 3);
        assert_eq!(
            watch.pick_quiet(&assembly, &ends, start + BETWEEN_LOOKS * 3),
            None
        );
    }
}

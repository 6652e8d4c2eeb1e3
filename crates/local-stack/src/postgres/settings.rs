//! The server's configuration file.

use std::fmt::Write;
use std::fs;
use std::path::Path;

const MIB: u64 = 1024 * 1024;
const MIN_BUFFERS: u64 = 128 * MIB;
const MAX_BUFFERS: u64 = 2048 * MIB;

/// What the file depends on.
pub(crate) struct Facts<'a> {
    pub(crate) port: u16,
    pub(crate) socket_directory: &'a Path,
    /// The machine's memory in bytes.
    pub(crate) memory: u64,
    /// Whether the server was built with lz4.
    pub(crate) has_lz4: bool,
}

/// The whole of `postgresql.conf`: settings for a pipeline on one small machine. `overrides` come last, and so count.
///
/// fsync and synchronous_commit stay on: what this stack says it kept, it kept.
pub(crate) fn configuration(facts: &Facts<'_>, overrides: &[(String, String)]) -> String {
    let buffers = (facts.memory / 8).clamp(MIN_BUFFERS, MAX_BUFFERS) / MIB;
    let wal_compression = if facts.has_lz4 { "lz4" } else { "on" };
    let settings = [
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", facts.port.to_string()),
        (
            "unix_socket_directories",
            facts.socket_directory.display().to_string(),
        ),
        ("max_connections", "100".to_owned()),
        ("password_encryption", "scram-sha-256".to_owned()),
        ("shared_buffers", format!("{buffers}MB")),
        (
            "effective_cache_size",
            format!("{}MB", facts.memory / 2 / MIB),
        ),
        ("maintenance_work_mem", "128MB".to_owned()),
        ("work_mem", "16MB".to_owned()),
        ("effective_io_concurrency", "64".to_owned()),
        ("random_page_cost", "1.1".to_owned()),
        ("max_wal_size", "8GB".to_owned()),
        ("checkpoint_timeout", "15min".to_owned()),
        ("wal_compression", wal_compression.to_owned()),
        ("wal_buffers", "16MB".to_owned()),
        ("jit", "off".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("lc_messages", "C".to_owned()),
        ("log_min_messages", "warning".to_owned()),
        ("log_line_prefix", "%m [%p] %q%u@%d ".to_owned()),
        ("logging_collector", "off".to_owned()),
    ];
    let overrides = overrides
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    let mut text =
        String::from("# Written anew at every start of the stack: changes made here are lost.\n");
    for (name, value) in settings.into_iter().chain(overrides) {
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{name} = '{}'", value.replace('\'', "''"));
    }
    text
}

/// The machine's memory in bytes; or the container's, where that is less.
pub(crate) fn machine_memory() -> u64 {
    let total = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total_memory(&text));
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok());
    match (total, limit) {
        (Some(total), Some(limit)) => total.min(limit),
        (Some(known), None) | (None, Some(known)) => known,
        (None, None) => MIN_BUFFERS * 8,
    }
}

fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_memory(memory: u64) -> String {
        let facts = Facts {
            port: 5555,
            socket_directory: Path::new("/tmp/it's here"),
            memory,
            has_lz4: true,
        };
        configuration(&facts, &[("fsync".to_owned(), "off".to_owned())])
    }

    #[test]
    fn buffers_follow_the_memory_within_bounds() {
        assert!(with_memory(8 * 1024 * MIB).contains("shared_buffers = '1024MB'"));
        assert!(with_memory(512 * MIB).contains("shared_buffers = '128MB'"));
        assert!(with_memory(256 * 1024 * MIB).contains("shared_buffers = '2048MB'"));
    }

    #[test]
    fn values_are_quoted_and_overrides_come_last() {
        let text = with_memory(1024 * MIB);
        assert!(
            text.contains("unix_socket_directories = '/tmp/it''s here'"),
            "{text}"
        );
        assert!(text.trim_end().ends_with("fsync = 'off'"), "{text}");
    }

    #[test]
    fn memory_is_read_from_meminfo() {
        assert_eq!(
            total_memory("MemTotal:       24627592 kB\nMemFree: 1 kB\n"),
            Some(24_627_592 * 1024)
        );
        assert_eq!(total_memory("garbage"), None);
        assert!(machine_memory() > 0);
    }
}

//! What the kernel knows about this process, under the names that Prometheus dashboards expect.

use std::fmt::Write;

/// Clock ticks a second in /proc, as Linux shows them to user space on every platform that it supports today.
const TICKS_PER_SECOND: f64 = 100.0;

/// The process's memory, processor time and start time in Prometheus's text format. Empty where there is no /proc.
pub(crate) fn render() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let figures = ProcessFigures {
        resident_bytes: resident_bytes(&read("/proc/self/status")),
        cpu_seconds: cpu_seconds(&read("/proc/self/stat")),
        start_seconds: start_seconds(&read("/proc/self/stat"), &read("/proc/stat")),
    };
    figures.to_prometheus_text()
}

struct ProcessFigures {
    resident_bytes: Option<u64>,
    cpu_seconds: Option<f64>,
    start_seconds: Option<f64>,
}

impl ProcessFigures {
    fn to_prometheus_text(&self) -> String {
        let mut text = String::new();
        let mut add = |name: &str, kind: &str, help: &str, value: Option<String>| {
            let Some(value) = value else { return };
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"
            );
        };
        add(
            "process_resident_memory_bytes",
            "gauge",
            "Resident memory size in bytes.",
            self.resident_bytes.map(|bytes| bytes.to_string()),
        );
        add(
            "process_cpu_seconds_total",
            "counter",
            "Total user and system CPU time spent in seconds.",
            self.cpu_seconds.map(|seconds| seconds.to_string()),
        );
        add(
            "process_start_time_seconds",
            "gauge",
            "Start time of the process since unix epoch in seconds.",
            self.start_seconds.map(|seconds| seconds.to_string()),
        );
        text
    }
}

fn resident_bytes(proc_status: &str) -> Option<u64> {
    let line = proc_status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Field `number` of /proc/self/stat, counted from 1 as in proc(5). The command name, field 2, may hold blanks and
/// brackets, so counting starts behind its last bracket.
fn stat_field(proc_stat: &str, number: usize) -> Option<f64> {
    let (_, after_name) = proc_stat.rsplit_once(')')?;
    after_name
        .split_whitespace()
        .nth(number.checked_sub(3)?)?
        .parse()
        .ok()
}

fn cpu_seconds(proc_self_stat: &str) -> Option<f64> {
    let user = stat_field(proc_self_stat, 14)?;
    let system = stat_field(proc_self_stat, 15)?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn start_seconds(proc_self_stat: &str, proc_stat: &str) -> Option<f64> {
    let since_boot = stat_field(proc_self_stat, 22)? / TICKS_PER_SECOND;
    let boot_line = proc_stat
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?;
    let boot: f64 = boot_line.trim().parse().ok()?;
    Some(boot + since_boot)
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    const STAT: &str = "7 (od d) x) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 5 0 1234 9 9";

    #[test]
    fn fields_are_counted_behind_the_name() {
        assert_eq!(cpu_seconds(STAT), Some(2.0));
        assert_eq!(start_seconds(STAT, "cpu 1\nbtime 1000\n"), Some(1012.34));
        assert_eq!(
            resident_bytes("Name:\tx\nVmRSS:\t    12 kB\n"),
            Some(12_288)
        );
    }

    #[test]
    fn unknown_forms_give_nothing() {
        for text in [
            "",
            ")",
            "7 (x) S",
            "VmRSS: many kB",
            "VmRSS: 99999999999999999999 kB",
        ] {
            assert_eq!(cpu_seconds(text), None);
            assert_eq!(resident_bytes(text), None);
            assert_eq!(start_seconds(text, text), None);
        }
    }

    #[test]
    fn the_running_test_is_a_plausible_process() {
        let text = render();
        let value = |name: &str| -> f64 {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name} ")));
            line.expect(name).parse().unwrap()
        };
        assert!(value("process_resident_memory_bytes") > 100_000.0);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        let age = now - value("process_start_time_seconds");
        assert!((-2.0..86_400.0).contains(&age), "started {age} s ago");
        assert!(value("process_cpu_seconds_total") >= 0.0);
    }
}

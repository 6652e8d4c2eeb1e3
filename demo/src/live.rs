//! The live status: what a person looks at while the pipeline runs.

use std::collections::VecDeque;
use std::io::{IsTerminal, Write, stdout};
use std::time::{Duration, Instant};

use crossterm::style::Stylize;
use crossterm::{cursor, queue, terminal};
use warehouse::status::Status;

/// Rates are taken over this long.
const RATE_WINDOW: Duration = Duration::from_secs(5);
/// How often a line is printed where there is no terminal to draw on.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Events that are older than this when they reach gold come from a backfill.
const HISTORY_SECONDS: f64 = 3_600.0;

/// Where the pipeline can be reached, shown below the figures.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The console, for a browser.
    pub console: String,
    /// For psql, as the role that reads the marts.
    pub psql: String,
    /// Kafka's bootstrap servers.
    pub kafka: String,
    /// The topic.
    pub topic: String,
    /// The directory of the services' logs.
    pub logs: String,
}

/// Draws the status again and again in the same place; prints a line now and then where there is no terminal.
pub struct LiveStatus {
    addresses: Addresses,
    began: Instant,
    history: VecDeque<(Instant, [i64; 4])>,
    drawn_lines: u16,
    is_terminal: bool,
    last_line: Option<Instant>,
}

impl LiveStatus {
    /// Nothing is drawn yet.
    pub fn new(addresses: Addresses) -> Self {
        LiveStatus {
            addresses,
            began: Instant::now(),
            history: VecDeque::new(),
            drawn_lines: 0,
            is_terminal: stdout().is_terminal(),
            last_line: None,
        }
    }

    /// Draws the present status.
    pub fn show(&mut self, status: &Status) {
        let rates = self.rates(layers(status));
        if self.is_terminal {
            let block = self.block(status, rates);
            self.draw(&block);
        } else if self
            .last_line
            .is_none_or(|last| last.elapsed() >= LINE_EVERY)
        {
            self.last_line = Some(Instant::now());
            println!("{}", one_line(status, rates));
        }
    }

    fn rates(&mut self, now: [i64; 4]) -> [f64; 4] {
        let at = Instant::now();
        self.history.push_back((at, now));
        while self
            .history
            .front()
            .is_some_and(|(then, _)| at.duration_since(*then) > RATE_WINDOW)
        {
            self.history.pop_front();
        }
        let Some((then, before)) = self.history.front() else {
            return [0.0; 4];
        };
        let seconds = at.duration_since(*then).as_secs_f64();
        let mut rates = [0.0; 4];
        if seconds > 0.0 {
            for ((rate, now), before) in rates.iter_mut().zip(now).zip(before) {
                *rate = (now - before) as f64 / seconds;
            }
        }
        rates
    }

    fn block(&self, status: &Status, rates: [f64; 4]) -> Vec<String> {
        let [events, bronze, silver, gold] = layers(status);
        let [events_rate, bronze_rate, silver_rate, gold_rate] = rates.map(per_second);
        let running = Duration::from_secs(self.began.elapsed().as_secs());
        let verdict = if status.is_balanced {
            "● GREEN".green().bold()
        } else {
            "● RED".red().bold()
        };
        let megabytes = status.bronze_bytes as f64 / 1e6;
        vec![
            format!(
                "{}  running {:<12} ledger {verdict}",
                "Assay".bold(),
                humantime::format_duration(running).to_string()
            ),
            String::new(),
            format!("  events in {:>14} {events_rate:>12}", grouped(events)),
            format!(
                "  bronze    {:>14} {bronze_rate:>12}   waiting {:>9}   {megabytes:.1} MB",
                grouped(bronze),
                grouped(status.kafka_pending)
            ),
            format!(
                "  silver    {:>14} {silver_rate:>12}   waiting {:>9}   {} duplicate, {} quarantined",
                grouped(silver),
                grouped(status.bronze_pending),
                grouped(status.duplicate),
                grouped(status.quarantined)
            ),
            format!(
                "  gold      {:>14} {gold_rate:>12}   waiting {:>9}",
                grouped(gold),
                grouped(status.silver_pending)
            ),
            format!("  freshness {}", freshness(status)),
            String::new(),
            format!("  open   {}", self.addresses.console.as_str().bold()),
            format!("  psql   psql \"{}\"", self.addresses.psql),
            format!(
                "  kafka  {}  topic {}",
                self.addresses.kafka, self.addresses.topic
            ),
            format!("  logs   {}", self.addresses.logs),
            "  Ctrl-C stops everything.".dim().to_string(),
        ]
    }

    /// Drawing that fails (a terminal that has gone away) is no reason to stop the pipeline.
    fn draw(&mut self, block: &[String]) {
        let mut out = stdout().lock();
        if self.drawn_lines > 0 {
            let _ = queue!(out, cursor::MoveToPreviousLine(self.drawn_lines));
        }
        for line in block {
            let _ = queue!(out, terminal::Clear(terminal::ClearType::CurrentLine));
            let _ = writeln!(out, "{line}");
        }
        let _ = out.flush();
        self.drawn_lines = u16::try_from(block.len()).unwrap_or(0);
    }
}

/// Records that each layer holds: Kafka, bronze, judged by silver, accepted and folded into gold.
fn layers(status: &Status) -> [i64; 4] {
    [
        status.bronze + status.kafka_pending,
        status.bronze,
        status.bronze - status.bronze_pending,
        status.accepted - status.silver_pending,
    ]
}

fn one_line(status: &Status, rates: [f64; 4]) -> String {
    let [events, bronze, silver, gold] = layers(status);
    format!(
        "events {} | bronze {} ({}) | silver {} | gold {} | waiting {}+{}+{} | freshness {} | ledger {}",
        grouped(events),
        grouped(bronze),
        per_second(rates.get(1).copied().unwrap_or(0.0)),
        grouped(silver),
        grouped(gold),
        status.kafka_pending,
        status.bronze_pending,
        status.silver_pending,
        freshness(status),
        if status.is_balanced { "GREEN" } else { "RED" }
    )
}

fn freshness(status: &Status) -> String {
    match status.freshness {
        // History is as old as it is: only live events tell how fresh gold is.
        Some([p50, ..]) if p50 > HISTORY_SECONDS => "catching up on history".to_owned(),
        Some([p50, p95, p99]) => {
            format!("event → gold p50 {p50:.2} s, p95 {p95:.2} s, p99 {p99:.2} s (last minute)")
        }
        None => "no batch in the last minute".to_owned(),
    }
}

fn per_second(rate: f64) -> String {
    format!("{rate:.0}/s")
}

/// 1234567 as 1,234,567.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let shown = [0, 7, 999, 1_000, 1_234_567, -1_000].map(grouped);
        assert_eq!(shown, ["0", "7", "999", "1,000", "1,234,567", "-1,000"]);
    }
}

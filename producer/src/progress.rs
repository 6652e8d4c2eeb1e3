//! What people see while a run goes on (a bar on stderr, if that is a terminal), and what metrics tell of it.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use metrics::{counter, describe_counter, describe_gauge, gauge};

use crate::truth_ledger::Receipts;

/// How often bar and metrics are brought up to date.
const TICK: Duration = Duration::from_millis(200);

/// The bar and the metrics of a run.
pub struct Progress {
    bar: ProgressBar,
    last_tick: Instant,
}

impl Progress {
    /// For a run of a known number of events, or one that goes on until it is stopped.
    pub fn new(expected_events: Option<u64>) -> Self {
        describe_counter!(
            "assay_producer_events_sent_total",
            "Records that Kafka acknowledged."
        );
        describe_counter!(
            "assay_producer_sent_bytes_total",
            "Bytes of payload that Kafka acknowledged."
        );
        describe_counter!(
            "assay_producer_delivery_failures_total",
            "Records that Kafka did not take."
        );
        describe_gauge!(
            "assay_producer_queue_messages",
            "Records that wait for being sent or acknowledged."
        );
        let target = ProgressDrawTarget::stderr_with_hz(5);
        let bar = ProgressBar::with_draw_target(expected_events, target);
        let template = if expected_events.is_some() {
            "{bar:40} {human_pos}/{human_len} events  {per_sec}  {eta} left  {msg}"
        } else {
            "{spinner} {human_pos} events  {per_sec}  {elapsed}  {msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let progress = Progress {
            bar,
            last_tick: Instant::now(),
        };
        publish_metrics(&Receipts::default(), 0);
        progress
    }

    /// Whether it is time for [`Progress::update`].
    pub fn is_due(&self) -> bool {
        self.last_tick.elapsed() >= TICK
    }

    /// Shows how far the run is.
    pub fn update(&mut self, events: u64, receipts: &Receipts, queued: usize) {
        self.last_tick = Instant::now();
        self.bar.set_position(events);
        if queued > 0 {
            self.bar.set_message(format!("{queued} on the way"));
        } else {
            self.bar.set_message("");
        }
        publish_metrics(receipts, queued);
    }

    /// Takes the bar away, so that the summary stands alone.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn publish_metrics(receipts: &Receipts, queued: usize) {
    counter!("assay_producer_events_sent_total").absolute(receipts.records());
    counter!("assay_producer_sent_bytes_total").absolute(receipts.bytes());
    counter!("assay_producer_delivery_failures_total").absolute(receipts.failures());
    gauge!("assay_producer_queue_messages")
        .set(f64::from(u32::try_from(queued).unwrap_or(u32::MAX)));
}

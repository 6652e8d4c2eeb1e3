//! One run: events from the source, through the disturbances, to Kafka; and the books of it.

use std::time::{Duration, Instant};

use event_contract::TransactionEvent;
use event_contract::truth::Truth;
use service_kit::{Failure, Shutdown};

use crate::disturb::{Disturber, Outgoing, RecordKind};
use crate::outlet::Outlet;
use crate::pace::{Pace, Replay, Step};
use crate::progress::Progress;
use crate::publish::Handover;
use crate::shop::blank_event;
use crate::source::{Part, Source};
use crate::summary::Summary;
use crate::truth_ledger::{self, LedgerError, Tally};

/// An event of the past is sent at most so long after those of its time; a live one at most [`LATEST_LIVE`].
pub(crate) const LATEST_PAST: chrono::Duration = chrono::Duration::days(2);
pub(crate) const LATEST_LIVE: chrono::Duration = chrono::Duration::hours(3);

/// How fast events are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Events of the past a second; as fast as possible without.
    pub past: Option<f64>,
    /// The clock by which events of the past are sent; regardless of it without.
    pub replay: Option<Replay>,
    /// Live events a second; as fast as possible without.
    pub live: Option<f64>,
}

/// What a run is made of.
pub struct Run {
    /// Where the events come from.
    pub source: Source,
    /// What happens to them on the way.
    pub disturber: Disturber,
    /// Where they go.
    pub outlet: Outlet,
    /// The books; full for a truth, else only counting.
    pub tally: Tally,
    /// How fast.
    pub rates: Rates,
    /// Seed, as it shall stand in the truth.
    pub seed: u64,
}

/// How a run ended. Whatever went wrong, the books are closed over what was acknowledged.
pub struct Report {
    /// The figures.
    pub summary: Summary,
    /// What was acknowledged, by day and currency and so on; empty cells where the tally only counted. Not yet sealed.
    pub truth: Truth,
    /// What cut the run short, if something did.
    pub failure: Option<Failure>,
}

/// Why sending stopped before the events were all sent.
enum Stop {
    /// Somebody asked for the end, or Kafka gave up on a record: no more is sent.
    Abandoned,
    Failed(Failure),
}

impl Run {
    /// Sends everything; returns when Kafka has spoken on every record.
    ///
    /// # Errors
    /// Only where the books cannot be closed. All else is in the report.
    pub fn to_the_end(
        mut self,
        progress: &mut Progress,
        shutdown: &Shutdown,
    ) -> Result<Report, Failure> {
        let begun = Instant::now();
        let stop = self.send_all(progress, shutdown).err();
        self.outlet.flush(shutdown);
        let elapsed = begun.elapsed();
        self.show(progress);
        progress.finish();
        let failure = match stop {
            Some(Stop::Failed(failure)) => Some(failure),
            Some(Stop::Abandoned) | None => self.undelivered(),
        };
        self.close(elapsed, failure)
    }

    fn send_all(&mut self, progress: &mut Progress, shutdown: &Shutdown) -> Result<(), Stop> {
        let mut event = blank_event();
        if self.source.part() == Part::Past {
            self.send_part(Part::Past, &mut event, progress, shutdown)?;
        }
        self.send_part(Part::Live, &mut event, progress, shutdown)?;
        let (outlet, tally) = (&mut self.outlet, &mut self.tally);
        self.disturber
            .finish(&mut |outgoing| hand_over(outlet, tally, &outgoing, shutdown))
    }

    fn send_part(
        &mut self,
        part: Part,
        event: &mut TransactionEvent,
        progress: &mut Progress,
        shutdown: &Shutdown,
    ) -> Result<(), Stop> {
        let (rate, latest) = match part {
            Part::Past => (self.rates.past, LATEST_PAST),
            Part::Live => (self.rates.live, LATEST_LIVE),
        };
        let replay = self.rates.replay.filter(|_| part == Part::Past);
        let mut pace = Pace::new(rate);
        let begun = Instant::now();
        loop {
            if self.is_at_its_end(progress, shutdown)? {
                return Ok(());
            }
            let batch = match pace.step(begun.elapsed()) {
                Step::Send(batch) => batch,
                Step::Wait(nap) => {
                    std::thread::sleep(nap);
                    continue;
                }
            };
            for _ in 0..batch {
                if !self.source.next(part, event) {
                    return Ok(());
                }
                while let Some(nap) =
                    replay.and_then(|replay| replay.wait(begun.elapsed(), event.event_timestamp))
                {
                    if self.is_at_its_end(progress, shutdown)? {
                        return Ok(());
                    }
                    std::thread::sleep(nap);
                }
                let (outlet, tally) = (&mut self.outlet, &mut self.tally);
                self.disturber.take(event, latest, &mut |outgoing| {
                    hand_over(outlet, tally, &outgoing, shutdown)
                })?;
            }
        }
    }

    /// To be asked between batches and naps; also keeps the progress moving.
    fn is_at_its_end(&self, progress: &mut Progress, shutdown: &Shutdown) -> Result<bool, Stop> {
        if progress.is_due() {
            self.show(progress);
        }
        if self.outlet.has_failed() {
            return Err(Stop::Abandoned);
        }
        Ok(shutdown.is_requested())
    }

    fn show(&self, progress: &mut Progress) {
        let queued = self.outlet.queued();
        progress.update(self.source.yielded(), &self.outlet.receipts(), queued);
    }

    fn undelivered(&self) -> Option<Failure> {
        let receipts = self.outlet.receipts();
        let why = receipts.first_failure()?;
        Some(Failure::Unreachable(format!(
            "{} records were not acknowledged by Kafka (the first: {why}): what was acknowledged is in the summary and in the \
             truth, the rest is excluded: check the broker, then run again",
            receipts.failures()
        )))
    }

    fn close(self, elapsed: Duration, failure: Option<Failure>) -> Result<Report, Failure> {
        let receipts = self.outlet.receipts();
        let truth = truth_ledger::close(self.outlet.topic(), self.seed, self.tally, &receipts)
            .map_err(|error| match error {
                LedgerError::Unbalanced { .. } => {
                    Failure::Unreachable(format!("{error}: check the broker, then run again"))
                }
                LedgerError::UnreadableFailure(_) => Failure::Internal(error.into()),
            })?;
        Ok(Report {
            summary: Summary::new(&truth, &receipts, elapsed),
            truth,
            failure,
        })
    }
}

/// Sends one record, and enters it in the books once Kafka's client has it.
fn hand_over(
    outlet: &mut Outlet,
    tally: &mut Tally,
    outgoing: &Outgoing<'_>,
    shutdown: &Shutdown,
) -> Result<(), Stop> {
    match outlet.send(outgoing, shutdown).map_err(Stop::Failed)? {
        Handover::Abandoned => Err(Stop::Abandoned),
        Handover::Accepted => {
            if let (RecordKind::Good, Some(event)) = (outgoing.kind, outgoing.event) {
                tally.add(event);
            }
            Ok(())
        }
    }
}

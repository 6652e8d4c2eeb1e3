//! How fast silver and gold are derived anew from bronze, against the live path that has just filled them.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::room::{LONGEST, Room};
use crate::{Figure, Target};

/// Rebuilds a warehouse that `events` events are in, which took the live path `live_events_per_s`; nobody else is at work.
pub(crate) fn measure(room: &Room, events: u64, live_events_per_s: f64) -> Result<Vec<Figure>> {
    eprintln!("rebuild: {events} events …");
    let owner = [("DATABASE_URL", room.database.migrator_url.as_str())];
    let arguments = ["rebuild", "--swap"];
    let began = Instant::now();
    let mut rebuild = room
        .pipeline
        .start_with("transformer", "rebuild", &arguments, &owner)?;
    let status = rebuild.wait(LONGEST)?;
    let rate = events as f64 / began.elapsed().as_secs_f64();
    if !status.success() {
        bail!("the rebuild failed: {}", rebuild.log()?);
    }
    Ok(vec![
        Figure::new("rebuild_events_per_s", rate, "events/s", None),
        Figure::new(
            "rebuild_vs_live",
            rate / live_events_per_s,
            "ratio",
            Some(Target::AtLeast(1.0)),
        ),
    ])
}

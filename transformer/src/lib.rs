//! The transformer: judges what bronze holds, loads the star schema, folds the marts, and proves the result.
//!
//! [`silver`] and [`gold`] are the two stages, [`stage`] is the loop that drives either, [`judging`] gives each record its
//! verdict; [`report`] holds the warehouse against itself and against a producer's truth; [`quarantine`] is what people do
//! with what was refused, [`maintenance`] what keeps the warehouse from growing for ever.

pub mod cli;
mod export;
pub mod gold;
pub mod judging;
pub mod maintenance;
pub mod quarantine;
mod rebuild;
pub mod registry;
pub mod report;
mod runs;
mod schedule;
pub mod silver;
pub mod stage;
mod watch;

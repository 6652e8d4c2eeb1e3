//! The transformer: judges what bronze holds, loads the star schema, folds the marts, and proves the result.
//!
//! [`silver`] and [`gold`] are the two stages; [`stage`] is the loop that drives either; [`report`] holds the warehouse
//! against itself and against a producer's truth.

pub mod cli;
pub mod gold;
mod rebuild;
pub mod report;
pub mod silver;
pub mod stage;
mod watch;

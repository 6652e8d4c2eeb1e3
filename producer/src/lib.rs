//! The mock shop, and how its events get into Kafka.
//!
//! The way of an event: [`shop`] generates it (pure, seeded) → [`source`] decides where in time it lies and when the run
//! is at its end → [`disturb`] delays, copies and spoils → [`outlet`] and [`publish`] hand it to Kafka. [`pace`] holds the
//! rate; [`truth_ledger`] keeps the books that are sealed at the end; [`run`] ties it together. [`cli`] is what the user
//! sees of it, [`scenario`] names bundles of settings, and [`plan`] makes a run of them. [`import`] does the same for the
//! files and tables of real shops.

pub mod cli;
pub mod commands;
pub mod disturb;
pub mod import;
pub mod outlet;
pub mod pace;
pub mod plan;
pub mod progress;
pub mod publish;
pub mod run;
pub mod scenario;
pub mod shop;
pub mod source;
pub mod summary;
pub mod truth_ledger;
pub mod truth_report;

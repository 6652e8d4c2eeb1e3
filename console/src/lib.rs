//! The console: an HTTP API and a page, for people without Grafana and for programs.
//!
//! It reads gold and the ledger's views as `dashboard_reader` and may do one thing, ask for a run, as `console`
//! (docs/API.md). An instance keeps nothing but answers of the last second, so that several behind a load balancer give the
//! same ones.
//!
//! [`app`] puts the paths together; [`ask`] reads questions, [`answer`] writes lists as JSON or CSV, [`problem`] says what
//! was wrong; [`guard`] decides who may write; [`live`] is the stream of the live status.

pub mod answer;
pub mod app;
pub mod ask;
mod assets;
mod cache;
pub mod cli;
mod cursor;
pub mod guard;
pub mod live;
mod openapi;
mod paths;
pub mod problem;

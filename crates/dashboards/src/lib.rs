//! Reads Grafana's dashboards (`grafana/dashboards/*.json`) and writes out the SQL that Grafana would send for them, for
//! the tests that hold dashboards against the warehouse without Grafana at hand.

pub mod board;
pub mod macros;
pub mod opening;
pub mod variables;

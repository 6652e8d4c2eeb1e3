//! PostgreSQL: found among the system's packages, given a data directory of its own, started, stopped and crashed.

mod cluster;
pub(crate) mod installation;
mod server;
mod settings;

pub(crate) use server::PostgresServer;

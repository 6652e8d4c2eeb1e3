//! The warehouse from a service's point of view: connections, migrations, and one function per SQL statement.
//!
//! The only reader of `warehouse-sql/` and the only room that knows the pool. It judges nothing: what to write is
//! decided by the services, how it is written exactly once is decided here.

pub mod bronze;
pub mod connect;
pub mod console;
pub mod copy;
pub mod dictionary;
mod error;
pub mod export;
pub mod gold;
mod history;
mod layers;
pub mod listen;
pub mod migrate;
pub mod quarantine;
pub mod rebuild;
pub mod retention;
pub mod runs;
pub mod service;
pub mod silver;
pub mod status;
mod tls;
mod transaction;
pub mod verify;

pub use connect::{DatabaseSettings, Session, Warehouse};
pub use error::{ErrorClass, WarehouseError};
pub use layers::Layers;

/// The text of a file below `warehouse-sql/`, at compile time: a wrong path fails the build.
macro_rules! sql {
    ($($path:literal),+) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../warehouse-sql/", $($path),+))
    };
}
pub(crate) use sql;

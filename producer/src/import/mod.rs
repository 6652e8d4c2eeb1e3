//! Real files and tables as events: `producer import`.
//!
//! The way of a row: [`read`] gets it (from text, a sheet or a database) → [`dialect`] has told how its numbers and dates
//! are spelt → [`uci`] or [`sales`] judges what it means, or refuses it with a [`refusal`] → [`orders`] gathers the lines
//! of an order and makes the event → [`send`] hands it to Kafka, through the same outlet as the mock shop.
//! [`command`] ties it together, [`cli`] is what the user sees of it, [`rejects`] and [`summary`] are what is left.
//!
//! Everything but [`read`], [`send`] and [`command`] is pure. An event's identifier is derived from the source's name, the
//! position of the order's first row and the event's content, so importing again changes nothing: that is also how an
//! interrupted import is resumed. There is no state file that could be lost or belong to another topic.

pub mod cli;
pub mod command;
pub mod countries;
pub mod dates;
pub mod dialect;
pub mod mapping;
pub mod numbers;
pub mod orders;
pub mod read;
pub mod refusal;
pub mod rejects;
pub mod row;
pub mod sales;
pub mod send;
pub mod summary;
pub mod uci;

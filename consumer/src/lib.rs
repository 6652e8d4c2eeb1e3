//! Kafka → bronze: lands every record of a topic in PostgreSQL, byte for byte, exactly once. It never looks inside.
//!
//! # The way of a record
//!
//! A thread of its own polls Kafka ([`reader`]) and puts records into COPY buffers, one per partition ([`assembly`]); what
//! an offset means is decided by pure arithmetic ([`positions`]). A full or old enough set of buffers is closed, Kafka is
//! asked whether the topic still is the one it was ([`handover`]), and the set goes to the task that writes it in one
//! transaction ([`writer`]), while the next set is being filled.
//!
//! # What holds, and where
//!
//! - Progress is known to PostgreSQL alone. A session, that is one membership in the consumer group, begins at the offsets
//!   that claiming its partitions answers ([`claim`], [`starting`]), and whatever goes wrong in it ends it: the next one
//!   knows all there is to know. There is no repairing in place. ([`service`], [`outcome`])
//! - A claim raises the partition's fence, so that a consumer that was thought dead can write nothing any more.
//! - A COMMIT without an answer is looked up, never repeated blindly ([`landing`]).
//! - A record before the first one is read again and compared, so that a topic with another past is noticed; what looks
//!   wrong is looked at twice before it is believed ([`suspicion`]).
//! - Memory is bounded: two sets, the client's queue, and nothing else. When PostgreSQL is slow, reading stops; when it is
//!   away, reading is paused and the membership kept ([`pacing`]).
//! - Offsets are committed to Kafka too, but only for tools that show lag; they are never read.
//!
//! Deliberately absent: decoding, Kafka transactions, and any state on disk.

pub mod assembly;
pub mod claim;
pub mod cli;
pub mod end_watch;
pub mod group;
pub mod handover;
pub mod happenings;
pub mod health;
pub mod landing;
pub mod link;
pub mod native;
pub mod opening;
pub mod outcome;
pub mod pacing;
pub mod positions;
pub mod reader;
pub mod record;
pub mod service;
pub mod settings;
pub mod starting;
pub mod statistics;
pub mod suspicion;
pub mod tail;
pub mod tail_watch;
pub mod writer;

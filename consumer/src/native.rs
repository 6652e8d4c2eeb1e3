//! The two things that the Kafka client's C library can do and its Rust wrapper cannot: reading headers whose names are
//! not UTF-8 (the wrapper panics), and asking for a topic's id. All `unsafe` of this crate is here.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::ptr;
use std::time::{Duration, Instant};

use rdkafka::bindings as c;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::message::BorrowedMessage;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use thiserror::Error;

use crate::record::Header;

/// A record's headers cannot be parsed.
#[derive(Debug, Error)]
#[error("the headers cannot be parsed: {0}")]
pub struct HeadersUnreadable(RDKafkaErrorCode);

/// The headers of a record in order, borrowed from the message.
///
/// The C library hands names over as C strings, so a name ends before its first NUL, if it has one.
///
/// # Errors
/// Where the sender's headers are malformed.
pub fn read_headers<'m>(
    message: &'m BorrowedMessage<'_>,
) -> Result<Vec<Header<'m>>, HeadersUnreadable> {
    let mut list: *mut c::rd_kafka_headers_t = ptr::null_mut();
    // SAFETY: the message's pointer is valid for as long as the message is borrowed, and so are the list that is found
    // through it and all names and values in that list: they live inside of the message.
    let error = unsafe { c::rd_kafka_message_headers(message.ptr(), &mut list) };
    match error {
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => {}
        RDKafkaRespErr::RD_KAFKA_RESP_ERR__NOENT => return Ok(Vec::new()),
        other => return Err(HeadersUnreadable(other.into())),
    }
    // SAFETY: the list is valid, see above.
    let count = unsafe { c::rd_kafka_header_cnt(list) };
    let mut headers = Vec::with_capacity(count);
    for index in 0..count {
        let mut name = ptr::null();
        let mut value = ptr::null();
        let mut length = 0;
        // SAFETY: the list is valid and the out-pointers are our own variables.
        let error =
            unsafe { c::rd_kafka_header_get_all(list, index, &mut name, &mut value, &mut length) };
        if error != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
            break;
        }
        // SAFETY: on success the name is a C string and a value that is not null has `length` bytes; both live as long
        // as the message, which 'm borrows.
        let header: Header<'m> = unsafe {
            let name = CStr::from_ptr(name).to_bytes();
            let value =
                (!value.is_null()).then(|| std::slice::from_raw_parts(value.cast::<u8>(), length));
            (name, value)
        };
        headers.push(header);
    }
    Ok(headers)
}

/// What Kafka says about a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicIdentity {
    /// It exists, and this life of it has this id, in Kafka's own spelling (22 characters of base64).
    Id(String),
    /// There is no such topic.
    Missing,
}

/// Why a topic's identity could not be found out.
#[derive(Debug, Clone, Error)]
#[error("cannot ask Kafka for the id of topic {topic}: {reason}")]
pub struct IdentityUnknown {
    /// The topic.
    pub topic: String,
    /// What the client said.
    pub reason: String,
    /// The client's code, where there is one.
    pub code: Option<RDKafkaErrorCode>,
}

/// Asks for the id of a topic without blocking: [`IdentityProbe::ask`], then [`IdentityProbe::answer`] until it comes.
///
/// The id is what tells a topic from another one that was created under its name later. Neither records nor the
/// client's other answers carry it.
pub struct IdentityProbe<'consumer> {
    client: *mut c::rd_kafka_t,
    queue: *mut c::rd_kafka_queue_t,
    topic: String,
    name: CString,
    asked_at: Option<Instant>,
    // The client must outlive the queue.
    consumer: PhantomData<&'consumer ()>,
}

impl<'consumer> IdentityProbe<'consumer> {
    /// A probe for a topic.
    ///
    /// # Errors
    /// Where the name holds a NUL or the client cannot make another queue.
    pub fn new<C: ConsumerContext>(
        consumer: &'consumer BaseConsumer<C>,
        topic: &str,
    ) -> Result<Self, IdentityUnknown> {
        let unknown = |reason: &str| IdentityUnknown {
            topic: topic.to_owned(),
            reason: reason.to_owned(),
            code: None,
        };
        let name = CString::new(topic).map_err(|_| unknown("its name holds a NUL"))?;
        let client = consumer.client().native_ptr();
        // SAFETY: the client lives at least as long as 'consumer.
        let queue = unsafe { c::rd_kafka_queue_new(client) };
        if queue.is_null() {
            return Err(unknown("the client cannot make a queue"));
        }
        Ok(IdentityProbe {
            client,
            queue,
            topic: topic.to_owned(),
            name,
            asked_at: None,
            consumer: PhantomData,
        })
    }

    /// Asks, unless an answer is still awaited. The client answers in any case: with an error after `timeout`.
    pub fn ask(&mut self, timeout: Duration) {
        if self.asked_at.is_some() {
            return;
        }
        self.asked_at = Some(Instant::now());
        let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        let mut names = [self.name.as_ptr()];
        // SAFETY: client and queue are valid; the name outlives the call, which copies it. Options and collection are
        // destroyed here and nowhere else, as the library asks for. A timeout that the library finds out of range is
        // reported by a return code and leaves its default in place, so the code may be ignored; no text is asked for.
        unsafe {
            let operation = c::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
            let options = c::rd_kafka_AdminOptions_new(self.client, operation);
            let _ = c::rd_kafka_AdminOptions_set_request_timeout(
                options,
                milliseconds,
                ptr::null_mut(),
                0,
            );
            let topics =
                c::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len());
            c::rd_kafka_DescribeTopics(self.client, topics, options, self.queue);
            c::rd_kafka_TopicCollection_destroy(topics);
            c::rd_kafka_AdminOptions_destroy(options);
        }
    }

    /// When the question was asked that is still without an answer.
    pub fn asked_at(&self) -> Option<Instant> {
        self.asked_at
    }

    /// The answer, if it comes within `wait`.
    pub fn answer(&mut self, wait: Duration) -> Option<Result<TopicIdentity, IdentityUnknown>> {
        self.asked_at?;
        let milliseconds = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is valid; the event is ours until it is destroyed below, after all that borrows from it.
        let event = unsafe { c::rd_kafka_queue_poll(self.queue, milliseconds) };
        if event.is_null() {
            return None;
        }
        // SAFETY: the event is valid, and what `identity_in` returns owns its data.
        let answer = unsafe { identity_in(event) };
        // SAFETY: see above; nothing refers to the event any more.
        unsafe { c::rd_kafka_event_destroy(event) };
        self.asked_at = None;
        Some(answer.map_err(|(reason, code)| IdentityUnknown {
            topic: self.topic.clone(),
            reason,
            code,
        }))
    }
}

impl Drop for IdentityProbe<'_> {
    fn drop(&mut self) {
        // SAFETY: the queue was made in `new`, is destroyed only here, and the client still lives. An answer that is
        // still on its way holds a reference of its own.
        unsafe { c::rd_kafka_queue_destroy(self.queue) };
    }
}

type Refusal = (String, Option<RDKafkaErrorCode>);

/// SAFETY: `event` must be valid. The result owns its data.
unsafe fn identity_in(event: *mut c::rd_kafka_event_t) -> Result<TopicIdentity, Refusal> {
    // SAFETY: the event is valid; results, descriptions and ids live as long as it, and texts are copied at once.
    unsafe {
        let error = c::rd_kafka_event_error(event);
        if error != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err((
                text_of(c::rd_kafka_event_error_string(event)),
                Some(error.into()),
            ));
        }
        let result = c::rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() {
            return Err(("the client gave another answer".to_owned(), None));
        }
        let mut count = 0;
        let descriptions = c::rd_kafka_DescribeTopics_result_topics(result, &mut count);
        if descriptions.is_null() || count == 0 {
            return Err(("the answer names no topic".to_owned(), None));
        }
        identity_of(*descriptions)
    }
}

/// SAFETY: `description` must be valid. The result owns its data.
unsafe fn identity_of(
    description: *const c::rd_kafka_TopicDescription_t,
) -> Result<TopicIdentity, Refusal> {
    // SAFETY: as in `identity_in`. A description without error is described by a null pointer or by code 0.
    unsafe {
        let error = c::rd_kafka_TopicDescription_error(description);
        let code = c::rd_kafka_error_code(error);
        match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => {}
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART => {
                return Ok(TopicIdentity::Missing);
            }
            _ => return Err((text_of(c::rd_kafka_error_string(error)), Some(code.into()))),
        }
        let id = c::rd_kafka_TopicDescription_topic_id(description);
        if id.is_null() {
            return Err(("the answer holds no id".to_owned(), None));
        }
        Ok(TopicIdentity::Id(text_of(c::rd_kafka_Uuid_base64str(id))))
    }
}

/// SAFETY: `text` must be null or a C string. The result owns its data.
unsafe fn text_of(text: *const std::os::raw::c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: promised by the caller.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}

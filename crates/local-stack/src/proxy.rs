//! A TCP proxy that cuts connections at a chosen moment: to lose the answer to a COMMIT, or a request half-way.
//!
//! ```no_run
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use local_stack::proxy::TcpProxy;
//!
//! let database = local_stack::testing::fresh_database("lost-answer");
//! let proxy = TcpProxy::start_for_url(&database.superuser_url)?;
//! let url = proxy.through(&database.superuser_url)?;
//! // Whoever connects to `url` and commits will have committed, and not hear of it.
//! proxy.lose_answer_to("COMMIT");
//! # Ok(())
//! # }
//! ```

mod plan;
mod relay;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::error::StackError;
use crate::sql;

pub use plan::Direction;
use relay::Switchboard;

/// A proxy on a free port of 127.0.0.1, with a thread of its own: it also relays while its test blocks. Dropping it
/// closes all its connections.
///
/// A plan to cut is for one cut: afterwards, and before, everything passes.
#[derive(Debug)]
pub struct TcpProxy {
    address: SocketAddr,
    switchboard: Arc<Switchboard>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TcpProxy {
    /// Relays to `upstream`, given as host:port, which is looked up anew for each connection.
    ///
    /// # Errors
    /// When no port can be opened.
    pub fn start(upstream: &str) -> Result<TcpProxy, StackError> {
        let failed = |source| StackError::Io {
            action: "start a proxy on 127.0.0.1".to_owned(),
            source,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        // Opened here and not in there, so that a failure is this function's, whose caller may be in a runtime.
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let switchboard = Arc::new(Switchboard::new(upstream));
        let (stop, stopped) = oneshot::channel();
        let operated = Arc::clone(&switchboard);
        let thread = thread::Builder::new()
            .name("local-stack-proxy".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = relay::accept(listener, operated) => {}
                        // The sender's drop is a stop as well.
                        _stopped = stopped => {}
                    }
                });
                // Connections that are still open end with the runtime.
            })
            .map_err(failed)?;
        Ok(TcpProxy {
            address,
            switchboard,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Relays to the server of a PostgreSQL connection URL.
    ///
    /// # Errors
    /// When no port can be opened.
    pub fn start_for_url(url: &str) -> Result<TcpProxy, StackError> {
        Self::start(&sql::address(url))
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A `postgres://` URL with this proxy in place of its server.
    ///
    /// # Errors
    /// When it is not a URL; `key=value` pairs are not understood here.
    pub fn through(&self, url: &str) -> Result<String, StackError> {
        sql::with_server(url, &self.address.to_string()).ok_or_else(|| {
            StackError::Configuration("only postgres:// URLs can be led through a proxy".to_owned())
        })
    }

    /// Closes all connections now. New ones are accepted.
    pub fn cut_now(&self) {
        self.switchboard.cut_all();
    }

    /// Lets the next `bytes` pass in one direction, counted over all connections, and closes all connections when one
    /// more arrives. With 0 from the server, the next answer is lost, whatever was done for it.
    pub fn cut_after_bytes(&self, direction: Direction, bytes: u64) {
        self.switchboard.plan().cut_after(direction, bytes);
    }

    /// Waits for a client to send `text`, passes it on, and closes that connection when the server answers: the
    /// request was executed, its answer is lost. Other connections stay. The text has to be found within one
    /// connection's bytes as they are on the wire, so not with TLS.
    pub fn lose_answer_to(&self, text: impl AsRef<[u8]>) {
        self.switchboard.plan().lose_answer_to(text.as_ref());
    }

    /// Forgets what [`TcpProxy::cut_after_bytes`] and [`TcpProxy::lose_answer_to`] have planned.
    pub fn disarm(&self) {
        self.switchboard.plan().disarm();
    }

    /// From now on, whether new connections are closed as soon as they are made.
    pub fn refuse_connections(&self, refuse: bool) {
        self.switchboard.plan().refuse(refuse);
    }

    /// How many cuts there have been, planned ones and [`TcpProxy::cut_now`] alike.
    pub fn cuts(&self) -> u64 {
        self.switchboard.plan().cuts()
    }

    /// Waits until there have been `cuts` cuts; false when the time is over first.
    pub fn wait_for_cuts(&self, cuts: u64, longest: Duration) -> bool {
        let deadline = Instant::now() + longest;
        while self.cuts() < cuts {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(2));
        }
        true
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed; there is nothing left to clean up.
            let _panicked = thread.join();
        }
    }
}

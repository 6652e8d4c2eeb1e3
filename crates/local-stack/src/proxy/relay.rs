//! The sockets: two pumps for each connection, and a way to close them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::plan::{ConnectionId, Direction, Plan, Verdict};

const CHUNK: usize = 16 * 1024;
const PAUSE: Duration = Duration::from_millis(10);

/// What all connections share.
#[derive(Debug)]
pub(super) struct Switchboard {
    upstream: String,
    plan: Mutex<Plan>,
    /// Counts the cuts of all connections: each connection ends when it changes.
    cut_of_all: watch::Sender<u64>,
    next_connection: AtomicU64,
}

impl Switchboard {
    pub(super) fn new(upstream: &str) -> Switchboard {
        Switchboard {
            upstream: upstream.to_owned(),
            plan: Mutex::new(Plan::default()),
            cut_of_all: watch::Sender::new(0),
            next_connection: AtomicU64::new(1),
        }
    }

    pub(super) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn cut_all(&self) {
        self.plan().count_cut();
        self.cut_of_all.send_modify(|cuts| *cuts += 1);
    }
}

/// Takes connections for ever.
pub(super) async fn accept(listener: std::net::TcpListener, switchboard: Arc<Switchboard>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        // Only outside of a runtime. Whoever connects is refused from here on.
        return;
    };
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // Out of file descriptors, for one: let those who hold them go on.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        if switchboard.plan().refuses() {
            continue;
        }
        let connection = switchboard.next_connection.fetch_add(1, Ordering::Relaxed);
        let cut_of_all = switchboard.cut_of_all.subscribe();
        tokio::spawn(connect(
            Arc::clone(&switchboard),
            connection,
            client,
            cut_of_all,
        ));
    }
}

/// Both halves end together, whichever ends first: dropping the sockets closes them.
async fn connect(
    switchboard: Arc<Switchboard>,
    connection: ConnectionId,
    client: TcpStream,
    mut cut_of_all: watch::Receiver<u64>,
) {
    let Ok(server) = TcpStream::connect(&switchboard.upstream).await else {
        return;
    };
    // Otherwise small answers wait for each other.
    if client
        .set_nodelay(true)
        .and_then(|()| server.set_nodelay(true))
        .is_err()
    {
        return;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let requests = pump(
        &switchboard,
        connection,
        Direction::ClientToServer,
        from_client,
        to_server,
    );
    let answers = pump(
        &switchboard,
        connection,
        Direction::ServerToClient,
        from_server,
        to_client,
    );
    tokio::select! {
        biased;
        _cut = cut_of_all.changed() => {}
        () = half_closed(requests, answers) => {}
    }
}

/// Ends when both directions have ended, or one of them was cut.
async fn half_closed(requests: impl Future<Output = End>, answers: impl Future<Output = End>) {
    tokio::pin!(requests, answers);
    let (end, other_is_requests) = tokio::select! {
        end = &mut requests => (end, false),
        end = &mut answers => (end, true),
    };
    if end == End::Cut {
        return;
    }
    if other_is_requests {
        requests.await;
    } else {
        answers.await;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The sender has closed its side, or one of the sockets is broken.
    Closed,
    Cut,
}

async fn pump(
    switchboard: &Switchboard,
    connection: ConnectionId,
    direction: Direction,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
) -> End {
    let mut buffer = vec![0u8; CHUNK];
    let mut before: Vec<u8> = Vec::new();
    loop {
        let length = from.read(&mut buffer).await.unwrap_or(0);
        let chunk = buffer.get(..length).unwrap_or_default();
        if chunk.is_empty() {
            // Half-closed: what comes the other way may still arrive.
            let _broken_already = to.shutdown().await;
            return End::Closed;
        }
        let verdict = {
            let mut plan = switchboard.plan();
            let verdict = plan.judge(connection, direction, &before, chunk);
            before.extend_from_slice(chunk);
            let forgotten = before.len().saturating_sub(plan.memory());
            before.drain(..forgotten);
            verdict
        };
        let passing = match verdict {
            Verdict::Pass => chunk,
            Verdict::CutThis(passing) | Verdict::CutAll(passing) => {
                chunk.get(..passing).unwrap_or_default()
            }
        };
        let written = to.write_all(passing).await;
        match verdict {
            Verdict::Pass if written.is_ok() => {}
            Verdict::Pass => return End::Closed,
            Verdict::CutThis(_) => {
                switchboard.plan().count_cut();
                return End::Cut;
            }
            Verdict::CutAll(_) => {
                switchboard.cut_all();
                return End::Cut;
            }
        }
    }
}

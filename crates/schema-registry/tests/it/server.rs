//! An HTTP server that answers as it is told, byte by byte.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What to do with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// A whole answer.
    Answer(u16, String),
    /// An answer without end, or nearly: so many bytes of blanks behind the head.
    Endless(u16, usize),
    /// An answer that breaks off.
    Cut(String),
    /// Nothing, for as long as the client waits.
    Silence,
    /// Bytes that are no HTTP.
    Garbage,
}

/// Replies in order for each path; the last one stays.
#[derive(Default)]
struct Script {
    replies: BTreeMap<String, Vec<Reply>>,
    requests: Vec<String>,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    script: Arc<Mutex<Script>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let script = Arc::new(Mutex::new(Script::default()));
        Server {
            address: listener.local_addr().unwrap(),
            script: Arc::clone(&script),
            task: tokio::spawn(async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(serve(stream, Arc::clone(&script)));
                }
            }),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn reply(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        let mut script = self.script.lock().unwrap();
        script
            .replies
            .insert(path.to_owned(), replies.into_iter().collect());
    }

    /// The heads of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.script.lock().unwrap().requests.clone()
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let reply = {
        let mut script = script.lock().unwrap();
        script.requests.push(head);
        let replies = script.replies.get_mut(&path);
        match replies {
            Some(replies) if replies.len() > 1 => replies.remove(0),
            Some(replies) => replies[0].clone(),
            None => Reply::Answer(
                404,
                r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#.into(),
            ),
        }
    };
    // A client that has gone away is none of the server's business.
    let _ = send(&mut stream, reply).await;
}

async fn send(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    let head = |status: u16, length: usize| {
        format!(
            "HTTP/1.1 {status} x\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\nContent-Length: \
             {length}\r\nConnection: close\r\n\r\n"
        )
    };
    match reply {
        Reply::Answer(status, body) => {
            let answer = head(status, body.len()) + &body;
            stream.write_all(answer.as_bytes()).await
        }
        Reply::Endless(status, bytes) => {
            stream.write_all(head(status, bytes).as_bytes()).await?;
            for _ in 0..bytes / 65_536 {
                stream.write_all(&[b' '; 65_536]).await?;
            }
            Ok(())
        }
        Reply::Cut(body) => {
            let answer = head(200, body.len() + 10) + &body;
            stream.write_all(answer.as_bytes()).await
        }
        Reply::Silence => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(())
        }
        Reply::Garbage => stream.write_all(b"SSH-2.0-OpenSSH\r\n\r\n").await,
    }
}

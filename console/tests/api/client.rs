//! A console on a port of its own, and just enough HTTP to talk to it.

use std::net::SocketAddr;

use console::app::App;
use console::cli::serve_on;
use console::guard::Guard;
use serde_json::Value;
use service_kit::{Secret, Shutdown};
use test_warehouse::TestWarehouse;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use warehouse::Warehouse;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// A running console.
pub(crate) struct Console {
    pub(crate) address: SocketAddr,
    shutdown: Shutdown,
}

impl Console {
    /// On loopback, without a token.
    pub(crate) async fn open(test: &TestWarehouse) -> Console {
        Console::with(test, None, "127.0.0.1:0").await
    }

    /// With a token, and as if it listened at `claimed`.
    pub(crate) async fn with(test: &TestWarehouse, token: Option<&str>, claimed: &str) -> Console {
        let reader = Warehouse::new(test.settings_of("dashboard_reader"), 8).unwrap();
        let writer = Warehouse::new(test.settings_of("console"), 2).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let token = token.map(Secret::new);
        let guard = Guard::new(token.as_ref(), claimed.parse().unwrap(), Vec::new());
        let shutdown = Shutdown::new();
        let app = App::new(reader, Some(writer), guard, shutdown.clone());
        let live = app.clone();
        tokio::spawn(async move { live.watch().await });
        tokio::spawn(serve_on(listener, app, shutdown.clone()));
        Console { address, shutdown }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        let json = [("Content-Type", "application/json")];
        self.send("POST", path, &json, body.as_bytes()).await
    }

    /// The rows of a list.
    pub(crate) async fn items(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        send_to(self.address, method, path, headers, body).await
    }
}

/// One request on a connection of its own.
pub(crate) async fn send_to(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    if !headers.iter().any(|(name, _)| *name == "Host") {
        head += &format!("Host: {}\r\n", address);
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all((head + "\r\n").as_bytes()).await.unwrap();
    // A server that has answered already may have closed its side.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer to {path}: {text}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.shutdown.request();
    }
}

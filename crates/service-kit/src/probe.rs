//! The `healthcheck` command of every service: container images carry no curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Failure, Outcome};

const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks a service on this machine whether it lives: `GET /healthz`, at most two seconds for everything.
///
/// An address that a server listens at on all interfaces (`0.0.0.0`, `::`) is asked at the loopback one.
///
/// # Errors
/// [`Failure::Unreachable`] where there is no answer in time, or another one than 200.
pub async fn healthcheck(addr: SocketAddr) -> Outcome {
    let address = reachable(addr);
    let complain =
        |why: String| Failure::Unreachable(format!("no healthy service at {address}: {why}"));
    match tokio::time::timeout(TIMEOUT, request_status_line(address)).await {
        Err(_) => Err(complain(format!("no answer within {TIMEOUT:?}"))),
        Ok(Err(error)) => Err(complain(error.to_string())),
        Ok(Ok(status_line)) if is_success(&status_line) => Ok(()),
        Ok(Ok(status_line)) => Err(complain(format!(
            "it answered `{}`",
            status_line.escape_debug()
        ))),
    }
}

fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

async fn request_status_line(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    // The status line fits easily; whatever else the other side sends is not read.
    let mut head = Vec::with_capacity(128);
    stream.take(128).read_to_end(&mut head).await?;
    let text = String::from_utf8_lossy(&head).into_owned();
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn is_success(status_line: &str) -> bool {
    let mut words = status_line.split(' ');
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/1."));
    is_http && words.next() == Some("200")
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn server_that_answers(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 256];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer).await;
        });
        address
    }

    #[tokio::test]
    async fn only_a_200_is_healthy() {
        let healthy = server_that_answers(b"HTTP/1.1 200 OK\r\n\r\nalive").await;
        healthcheck(healthy).await.unwrap();
        for answer in [
            b"HTTP/1.1 503 Service Unavailable\r\n\r\n".as_slice(),
            b"HTTP/1.1 2000\r\n".as_slice(),
            b"SSH-2.0 200".as_slice(),
            b"\xff\xfe".as_slice(),
            b"".as_slice(),
        ] {
            let address = server_that_answers(answer).await;
            let failure = healthcheck(address).await.unwrap_err();
            assert_eq!(failure.exit_code(), 4, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let begin = std::time::Instant::now();
        assert!(healthcheck(address).await.is_err());
        assert!(begin.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn all_interfaces_are_asked_at_loopback() {
        let reached = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:9100"), "127.0.0.1:9100");
        assert_eq!(reached("[::]:9100"), "[::1]:9100");
        assert_eq!(reached("10.0.0.7:9100"), "10.0.0.7:9100");
    }
}

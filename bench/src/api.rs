//! How fast the console answers `GET /sales` when many ask at once, and how much memory that takes it.
//!
//! Two loads: everybody asks the same, which the console answers once a second; and everybody asks something else, which
//! goes to PostgreSQL. The load comes from this process, on the same machine.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use local_stack::Stack;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::room::Room;
use crate::{Figure, Target};

const CONNECTIONS: u64 = 64;
const WARM_UP: Duration = Duration::from_secs(2);
const ORDER_LINES: i64 = 5_000_000;

pub(crate) async fn measure(stack: &Stack, seconds: u64) -> Result<Vec<Figure>> {
    eprintln!("api: filling the marts with {ORDER_LINES} order lines …");
    let room = Room::open(stack, "api").await?;
    for statement in include_str!("api.sql").split_inclusive(";\n") {
        room.client.batch_execute(statement).await?;
    }
    let lines = room
        .client
        .query_one(
            "SELECT sum(lines)::bigint FROM gold.product_performance_sums",
            &[],
        )
        .await?;
    if lines.get::<_, i64>(0) != ORDER_LINES {
        bail!("the marts hold other than {ORDER_LINES} lines");
    }
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let listen = address.to_string();
    let mut console = room
        .pipeline
        .start("console", "console", &["serve", "--listen", &listen])?;
    wait_for(address).await?;
    let length = Duration::from_secs(seconds);
    eprintln!("api: {CONNECTIONS} connections, twice {seconds} s …");
    let same = load(address, length, |_| {
        "/sales?currency=EUR&limit=50".to_owned()
    })
    .await?;
    let different = load(address, length, question).await?;
    let memory = console.peak_rss_bytes() as f64 / (1024.0 * 1024.0);
    console.stop()?;
    let mut figures = figures_of(
        &same,
        length,
        ["api_same_per_second", "api_same_ms_p50", "api_same_ms_p99"],
    );
    figures.extend(figures_of(
        &different,
        length,
        [
            "api_different_per_second",
            "api_different_ms_p50",
            "api_different_ms_p99",
        ],
    ));
    let most = Some(Target::AtMost(100.0));
    figures.push(Figure::new("api_console_memory", memory, "MiB", most));
    Ok(figures)
}

fn figures_of(latencies: &[f64], length: Duration, names: [&'static str; 3]) -> Vec<Figure> {
    let [rate, p50, p99] = names;
    let a_second = latencies.len() as f64 / length.as_secs_f64();
    vec![
        Figure::new(rate, a_second, "req/s", None),
        Figure::new(p50, at(latencies, 500), "ms", None),
        Figure::new(p99, at(latencies, 990), "ms", Some(Target::AtMost(20.0))),
    ]
}

/// A page of another category, currency and length for every number up to some 20,000.
fn question(number: u64) -> String {
    let currency = match number % 3 {
        0 => "EUR",
        1 => "USD",
        _ => "GBP",
    };
    let (category, limit) = (number / 3 % 12, 1 + number / 36 % 100);
    let sort = if (number / 3_600).is_multiple_of(2) {
        "revenue"
    } else {
        "quantity"
    };
    format!("/sales?currency={currency}&category=category%20{category}&limit={limit}&sort={sort}")
}

fn at(latencies: &[f64], per_mille: usize) -> f64 {
    let index = (latencies.len() * per_mille / 1_000).min(latencies.len().saturating_sub(1));
    latencies.get(index).copied().unwrap_or(f64::NAN)
}

/// Milliseconds of every request after the warm-up, sorted.
async fn load(
    address: SocketAddr,
    length: Duration,
    question: impl Fn(u64) -> String + Send + Copy + 'static,
) -> Result<Vec<f64>> {
    let began = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CONNECTIONS {
        clients.spawn(async move {
            let mut stream = BufReader::new(TcpStream::connect(address).await?);
            stream.get_ref().set_nodelay(true)?;
            let (mut latencies, mut number) = (Vec::new(), client * 331);
            while began.elapsed() < WARM_UP + length {
                let asked = Instant::now();
                ask(&mut stream, &question(number)).await?;
                if began.elapsed() > WARM_UP {
                    latencies.push(asked.elapsed().as_secs_f64() * 1_000.0);
                }
                number += 1;
            }
            Ok::<_, anyhow::Error>(latencies)
        });
    }
    let mut all = Vec::new();
    while let Some(latencies) = clients.join_next().await {
        all.extend(latencies??);
    }
    all.sort_by(f64::total_cmp);
    Ok(all)
}

/// One request on a connection that stays open; its answer must be good.
async fn ask(stream: &mut BufReader<TcpStream>, path: &str) -> Result<()> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let (mut line, mut status, mut length) = (String::new(), String::new(), 0_usize);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            bail!("the console closed the connection");
        }
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if status.is_empty() {
            text.clone_into(&mut status);
        } else if let Some(value) = text.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    if !status.contains(" 200 ") || length < 100 {
        bail!("{path}: {status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(())
}

async fn wait_for(address: SocketAddr) -> Result<()> {
    for _ in 0..200 {
        if let Ok(stream) = TcpStream::connect(address).await
            && ask(&mut BufReader::new(stream), "/sales?limit=1")
                .await
                .is_ok()
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("the console does not answer at {address}")
}

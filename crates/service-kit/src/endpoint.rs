//! The one HTTP port of a service: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever supervises it.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use clap::Args;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;

use crate::{Failure, Readiness, Shutdown, process_metrics};

/// Bucket bounds of histograms whose name ends with `_seconds`: from a quick COPY to a stuck minute.
const SECONDS_BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0,
];
/// Bucket bounds of all other histograms: counts and sizes.
const SIZE_BUCKETS: &[f64] = &[
    1.0, 10.0, 50.0, 100.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7, 1e8,
];

/// Histograms collect samples until somebody folds them into buckets. Scrapes do it too, but there may be none.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// How long requests that are being answered may hold up the end of the service.
const CONNECTION_GRACE: Duration = Duration::from_secs(1);

/// Where the service answers HTTP. Flatten it into a command.
#[derive(Debug, Clone, Default, Args)]
pub struct HttpArgs {
    /// Where /metrics, /healthz and /readyz are served, e.g. 0.0.0.0:9100; off when absent
    #[arg(long, env = "ASSAY_HTTP_ADDR", value_name = "ADDRESS:PORT", value_parser = parse_address)]
    pub http_addr: Option<SocketAddr>,
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "give an IP address and a port, for instance 0.0.0.0:9100 or [::]:9100".to_owned()
    })
}

/// The figures that this process has collected, ready to be rendered for Prometheus. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    recorder: PrometheusHandle,
}

impl Metrics {
    /// Prometheus's text format: everything recorded so far, and the process's own memory, processor and start time.
    pub fn render(&self) -> String {
        let mut text = self.recorder.render();
        text.push_str(&process_metrics::render());
        text
    }
}

/// Makes the process record what the `metrics` macros report. A second call returns the same figures.
pub fn install_metrics() -> Metrics {
    static INSTALLED: OnceLock<Metrics> = OnceLock::new();
    INSTALLED.get_or_init(install_recorder).clone()
}

fn install_recorder() -> Metrics {
    // Bucket lists that are constants and not empty cannot be refused; the plain builder is there for the compiler.
    let builder = recorder_builder().unwrap_or_else(|_| PrometheusBuilder::new());
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!(
            "another metrics recorder was installed first: /metrics will show the process only"
        );
    }
    Metrics { recorder: handle }
}

fn recorder_builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets(SIZE_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS_BUCKETS)
}

/// Serves `/metrics`, `/healthz` (200 while the process lives) and `/readyz` (200, or 503 with the reason) until shutdown.
/// Without an address it opens no port and only waits.
///
/// # Errors
/// [`Failure::Configuration`] where the address cannot be bound.
pub async fn serve(
    http: &HttpArgs,
    metrics: Metrics,
    readiness: Readiness,
    shutdown: Shutdown,
) -> Result<(), Failure> {
    let Some(address) = http.http_addr else {
        keep_metrics_small(&metrics, &shutdown).await;
        return Ok(());
    };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::Configuration(format!(
            "cannot serve /metrics at {address}: {error}: choose another --http-addr (ASSAY_HTTP_ADDR)"
        ))
    })?;
    serve_on(listener, metrics, readiness, shutdown).await
}

/// As [`serve`], on a listener that is already bound: for tests, which let the system choose the port.
///
/// # Errors
/// [`Failure::Internal`] where the listener fails.
pub async fn serve_on(
    listener: TcpListener,
    metrics: Metrics,
    readiness: Readiness,
    shutdown: Shutdown,
) -> Result<(), Failure> {
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "serving /metrics, /healthz and /readyz");
    }
    let routes = routes(metrics.clone(), readiness);
    let stop = shutdown.clone();
    let server =
        axum::serve(listener, routes).with_graceful_shutdown(async move { stop.requested().await });
    let grace_is_over = async {
        keep_metrics_small(&metrics, &shutdown).await;
        tokio::time::sleep(CONNECTION_GRACE).await;
    };
    tokio::select! {
        served = server => served.map_err(|error| {
            Failure::Internal(anyhow::Error::new(error).context("the HTTP listener failed"))
        }),
        () = grace_is_over => Ok(()),
    }
}

async fn keep_metrics_small(metrics: &Metrics, shutdown: &Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            () = tokio::time::sleep(UPKEEP_INTERVAL) => metrics.recorder.run_upkeep(),
        }
    }
}

fn routes(metrics: Metrics, readiness: Readiness) -> Router {
    let render_metrics = move || async move {
        let content_type = "text/plain; version=0.0.4; charset=utf-8";
        ([(header::CONTENT_TYPE, content_type)], metrics.render())
    };
    let report_readiness = move || async move {
        match readiness.obstacle() {
            None => (StatusCode::OK, "ready\n".to_owned()).into_response(),
            Some(why) => (
                StatusCode::SERVICE_UNAVAILABLE,
                format!("not ready: {why}\n"),
            )
                .into_response(),
        }
    };
    Router::new()
        .route("/metrics", get(render_metrics))
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(report_readiness))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn fetch(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn the_three_pages_are_served_over_tcp_until_shutdown() {
        let metrics = install_metrics();
        let readiness = Readiness::new();
        let shutdown = Shutdown::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(serve_on(
            listener,
            metrics,
            readiness.clone(),
            shutdown.clone(),
        ));

        metrics::counter!("endpoint_test_total").increment(3);
        metrics::histogram!("endpoint_test_seconds").record(0.07);
        let page = fetch(address, "/metrics").await;
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        assert!(page.contains("text/plain; version=0.0.4"), "{page}");
        assert!(page.contains("endpoint_test_total 3"), "{page}");
        assert!(
            page.contains("endpoint_test_seconds_bucket{le=\"0.1\"} 1"),
            "{page}"
        );
        assert!(
            page.contains("endpoint_test_seconds_bucket{le=\"0.05\"} 0"),
            "{page}"
        );
        assert!(page.contains("process_resident_memory_bytes "), "{page}");

        assert!(fetch(address, "/healthz").await.starts_with("HTTP/1.1 200"));
        let unready = fetch(address, "/readyz").await;
        assert!(unready.starts_with("HTTP/1.1 503"), "{unready}");
        assert!(unready.contains("not ready: starting"), "{unready}");
        readiness.ready();
        assert!(fetch(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        assert!(fetch(address, "/other").await.starts_with("HTTP/1.1 404"));
        crate::healthcheck(address).await.unwrap();

        // A client that keeps its connection open must not hold up the end.
        let _idle = TcpStream::connect(address).await.unwrap();
        shutdown.request();
        let ended = tokio::time::timeout(Duration::from_secs(5), server).await;
        ended.expect("the server did not stop").unwrap().unwrap();
        assert!(crate::healthcheck(address).await.is_err());
    }

    #[tokio::test]
    async fn without_an_address_it_only_waits() {
        let shutdown = Shutdown::new();
        let http = HttpArgs::default();
        let waiting = serve(&http, install_metrics(), Readiness::new(), shutdown.clone());
        let early = tokio::time::timeout(Duration::from_millis(50), waiting).await;
        assert!(early.is_err(), "returned before shutdown");
        shutdown.request();
        serve(&http, install_metrics(), Readiness::new(), shutdown)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn an_address_in_use_is_a_configuration_failure() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = HttpArgs {
            http_addr: listener.local_addr().ok(),
        };
        let failure = serve(&http, install_metrics(), Readiness::new(), Shutdown::new())
            .await
            .unwrap_err();
        assert_eq!(failure.exit_code(), 3);
        assert!(failure.to_string().contains("--http-addr"));
    }
}

//! The smallest service: it says that it is there, waits to be told to stop, and stops. With the argument `deaf` it never
//! does, so that only a second signal ends it. With `secret` it prints what the environment holds as `EXAMPLE_SECRET`.

use std::process::ExitCode;

use service_kit::{Outcome, Shutdown};

fn main() -> ExitCode {
    let mode = std::env::args().nth(1).unwrap_or_default();
    service_kit::launch("example", 1, |shutdown| run(mode, shutdown))
}

async fn run(mode: String, shutdown: Shutdown) -> Outcome {
    if mode == "secret" {
        let secret = service_kit::secret_from_env("EXAMPLE_SECRET")?;
        println!(
            "{}",
            secret.as_ref().map_or("none", |secret| secret.expose())
        );
        return Ok(());
    }
    println!("started");
    shutdown.requested().await;
    println!("stopping");
    if mode == "deaf" {
        std::future::pending::<()>().await;
    }
    Ok(())
}

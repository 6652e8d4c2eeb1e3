//! What PostgreSQL itself can do: COPY, by psql, of rows that are there already into identical tables with their indexes.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use local_stack::Stack;

use crate::room::Room;

/// A table to be copied: its name, and how to make an identical empty one called `bench.<twin>`.
pub(crate) struct Twin {
    pub(crate) table: &'static str,
    pub(crate) twin: &'static str,
    pub(crate) make: &'static str,
}

/// `bronze.events` with its index, partitioned alike.
pub(crate) const BRONZE_EVENTS: Twin = Twin {
    table: "bronze.events",
    twin: "bench.events",
    make: "CREATE TABLE bench.events (LIKE bronze.events INCLUDING ALL) PARTITION BY RANGE (ingested_at);
           CREATE TABLE bench.events_all PARTITION OF bench.events FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
           ALTER TABLE bench.events_all ALTER payload SET STORAGE EXTERNAL;",
};

/// The facts of silver.
pub(crate) const FACTS: [Twin; 3] = [
    Twin {
        table: "silver.fct_order_events",
        twin: "bench.fct_order_events",
        make: "CREATE TABLE bench.fct_order_events (LIKE silver.fct_order_events INCLUDING ALL);",
    },
    Twin {
        table: "silver.fct_order_lines",
        twin: "bench.fct_order_lines",
        make: "CREATE TABLE bench.fct_order_lines (LIKE silver.fct_order_lines INCLUDING ALL);",
    },
    Twin {
        table: "silver.fct_orders",
        twin: "bench.fct_orders",
        make: "CREATE TABLE bench.fct_orders (LIKE silver.fct_orders INCLUDING ALL) WITH (fillfactor = 75);",
    },
];

/// How long psql takes to copy the rows of the tables into their twins, one table after the other.
pub(crate) async fn time_copies(stack: &Stack, room: &Room, twins: &[&Twin]) -> Result<Duration> {
    let url = &room.database.superuser_url;
    room.client
        .batch_execute("CREATE SCHEMA IF NOT EXISTS bench")
        .await?;
    let mut total = Duration::ZERO;
    for Twin { table, twin, make } in twins {
        room.client.batch_execute(make).await?;
        let file = stack.dir().join("copy.bin");
        let file_name = file.display();
        psql(
            stack,
            url,
            &format!("\\copy (SELECT * FROM {table}) TO '{file_name}' WITH (FORMAT binary)"),
        )?;
        room.checkpoint().await?;
        let began = Instant::now();
        psql(
            stack,
            url,
            &format!("\\copy {twin} FROM '{file_name}' WITH (FORMAT binary)"),
        )?;
        total += began.elapsed();
        room.client
            .batch_execute(&format!("DROP TABLE {twin}"))
            .await?;
        std::fs::remove_file(&file).context("removing the copied rows")?;
    }
    Ok(total)
}

fn psql(stack: &Stack, url: &str, command: &str) -> Result<()> {
    let program = stack.postgres_bin().map_or_else(
        || Path::new("psql").to_owned(),
        |directory| directory.join("psql"),
    );
    let output = Command::new(&program)
        .args([
            url,
            "--no-psqlrc",
            "--quiet",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            command,
        ])
        .output()
        .with_context(|| format!("running {}", program.display()))?;
    if !output.status.success() {
        bail!("{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

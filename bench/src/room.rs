//! A database and a topic of its own for each measurement.

use std::time::Duration;

use anyhow::{Result, bail};
use demo::pipeline::Pipeline;
use local_stack::Stack;
use local_stack::testing::TestDatabase;
use tokio_postgres::{Client, NoTls};

/// The longest that anything may take.
pub(crate) const LONGEST: Duration = Duration::from_secs(1_800);

/// A fresh pipeline with nobody else in it.
pub(crate) struct Room {
    pub(crate) pipeline: Pipeline,
    pub(crate) database: TestDatabase,
    pub(crate) client: Client,
}

impl Room {
    pub(crate) async fn open(stack: &Stack, name: &str) -> Result<Room> {
        let database = stack.fresh_database(name)?;
        let topic = stack.fresh_topic(6)?;
        let logs = stack.dir().join("logs").join(name);
        let pipeline = Pipeline::prepare_on(stack, &database.migrator_url, &topic, logs)?;
        let (client, connection) = tokio_postgres::connect(&database.superuser_url, NoTls).await?;
        tokio::spawn(connection);
        Ok(Room {
            pipeline,
            database,
            client,
        })
    }

    /// Runs the producer to its end.
    pub(crate) fn produce(&self, arguments: &[&str]) -> Result<()> {
        let mut producer = self.pipeline.start("producer", "producer", arguments)?;
        let status = producer.wait(LONGEST)?;
        if !status.success() {
            bail!("the producer failed: {}", producer.log()?);
        }
        Ok(())
    }

    /// Lets PostgreSQL count what it spends its time on, where that is wanted.
    pub(crate) async fn count_statements(&self, wanted: bool) -> Result<()> {
        if wanted {
            let statement = "CREATE EXTENSION pg_stat_statements";
            self.client.batch_execute(statement).await?;
        }
        Ok(())
    }

    /// Shows the most expensive statements since [`Room::count_statements`].
    pub(crate) async fn show_statements(&self, wanted: bool) -> Result<()> {
        if wanted {
            let query = include_str!("statements.sql");
            println!("{}", demo::samples::table(&self.client, query).await?);
        }
        Ok(())
    }

    /// Leaves no dirty pages to be written at the next measurement's cost.
    pub(crate) async fn checkpoint(&self) -> Result<()> {
        self.client.batch_execute("CHECKPOINT").await?;
        Ok(())
    }
}

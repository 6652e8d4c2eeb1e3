//! For tests: a migrated warehouse of one's own on the shared PostgreSQL, with every role's URL.
//!
//! The functions panic where they fail, as is right for tests and for nothing else.
#![allow(clippy::expect_used, clippy::panic)]

use local_stack::Stack;
use local_stack::testing::{TestDatabase, shared};
use tokio::sync::OnceCell;
use warehouse::DatabaseSettings;
use warehouse::migrate::RolePassword;

/// The password of every service's role on a test's PostgreSQL, which lives for the tests alone.
const ROLE_PASSWORD: &str = "only-for-tests";
const ROLES: [&str; 4] = [
    "bronze_writer",
    "transformer",
    "dashboard_reader",
    "console",
];

/// A migrated database, dropped with this value.
pub struct TestWarehouse {
    database: TestDatabase,
}

impl TestWarehouse {
    /// A fresh one on the stack that all tests share: a copy of a template that is migrated once a process.
    pub async fn fresh() -> TestWarehouse {
        static TEMPLATE: OnceCell<TestDatabase> = OnceCell::const_new();
        let template = TEMPLATE
            .get_or_init(|| async { migrated(shared(), "template").await })
            .await;
        let copy = tokio::task::block_in_place(|| shared().fresh_database_from(template));
        TestWarehouse {
            database: copy.expect("copying the template database"),
        }
    }

    /// A fresh one on a stack of the test's own.
    pub async fn on(stack: &Stack) -> TestWarehouse {
        TestWarehouse {
            database: migrated(stack, "private").await,
        }
    }

    /// The URL of a service's role: `bronze_writer`, `transformer`, `dashboard_reader` or `console`.
    pub fn url_of(&self, role: &str) -> String {
        assert!(ROLES.contains(&role), "no role {role}");
        let (_, host_and_rest) = self
            .database
            .superuser_url
            .split_once('@')
            .expect("a URL with a user");
        format!("postgresql://{role}:{ROLE_PASSWORD}@{host_and_rest}")
    }

    /// The URL of the owner.
    pub fn owner_url(&self) -> &str {
        &self.database.migrator_url
    }

    /// The URL of the superuser, for faults and for looking behind the scenes.
    pub fn superuser_url(&self) -> &str {
        &self.database.superuser_url
    }

    /// The settings of a service's role.
    pub fn settings_of(&self, role: &str) -> DatabaseSettings {
        DatabaseSettings::parse(&self.url_of(role), "test").expect("a test's URL is sound")
    }

    /// A plain client of the superuser, to look at the tables with.
    pub async fn inspector(&self) -> tokio_postgres::Client {
        let (client, connection) =
            tokio_postgres::connect(self.superuser_url(), tokio_postgres::NoTls)
                .await
                .expect("connecting to a test's database");
        tokio::spawn(connection);
        client
    }
}

async fn migrated(stack: &Stack, hint: &str) -> TestDatabase {
    let database = tokio::task::block_in_place(|| stack.fresh_database(hint));
    let database = database.expect("creating a database");
    let settings =
        DatabaseSettings::parse(&database.migrator_url, "test").expect("a test's URL is sound");
    let passwords = ROLES.map(|role| RolePassword {
        role,
        password: ROLE_PASSWORD.to_owned(),
    });
    warehouse::migrate::run(&settings, &passwords)
        .await
        .unwrap_or_else(|error| panic!("migrating: {error}"));
    database
}

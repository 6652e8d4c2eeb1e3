//! Who may use whom: the drawing in docs/ARCHITECTURE.md, held against the manifests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each room's siblings, apart from what its tests use.
const SIBLINGS: [(&str, &[&str]); 15] = [
    ("event-contract", &[]),
    ("service-kit", &[]),
    ("local-stack", &[]),
    ("warehouse", &["service-kit"]),
    ("schema-registry", &["event-contract", "service-kit"]),
    ("producer", &["event-contract", "service-kit"]),
    ("consumer", &["service-kit", "warehouse"]),
    ("assay-console", &["service-kit", "warehouse"]),
    (
        "transformer",
        &[
            "event-contract",
            "mart-export",
            "schema-registry",
            "service-kit",
            "warehouse",
        ],
    ),
    ("mart-export", &["warehouse"]),
    ("test-warehouse", &["local-stack", "warehouse"]),
    ("demo", &["event-contract", "local-stack", "warehouse"]),
    (
        "bench",
        &[
            "demo",
            "event-contract",
            "local-stack",
            "producer",
            "warehouse",
        ],
    ),
    // Its tests read the services' command lines.
    ("packaging", &[]),
    // Its tests fill a warehouse.
    ("dashboards", &["packaging"]),
];

/// Libraries that only these rooms may name, their tests included.
const KEPT_TO: [(&str, &[&str]); 6] = [
    ("rdkafka", &["consumer", "local-stack", "producer"]),
    ("deadpool-postgres", &["warehouse"]),
    ("apache-avro", &["event-contract"]),
    ("hyper-rustls", &["schema-registry"]),
    ("mysql_async", &["mart-export"]),
    ("parquet", &["mart-export"]),
];

#[test]
fn rooms_use_only_whom_they_may() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .unwrap();
    let members: BTreeSet<String> = metadata
        .packages
        .iter()
        .map(|p| p.name.to_string())
        .collect();
    let expected: BTreeMap<String, BTreeSet<String>> = SIBLINGS
        .iter()
        .map(|(room, uses)| {
            (
                (*room).to_owned(),
                uses.iter().map(|u| (*u).to_owned()).collect(),
            )
        })
        .collect();
    let mut found = BTreeMap::new();
    for package in &metadata.packages {
        let uses: BTreeSet<String> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal)
            .map(|dependency| dependency.name.clone())
            .filter(|name| members.contains(name))
            .collect();
        found.insert(package.name.to_string(), uses);
    }
    assert_eq!(found, expected);
    for (library, rooms) in KEPT_TO {
        let users: BTreeSet<&str> = metadata
            .packages
            .iter()
            .filter(|package| {
                let mut dependencies = package.dependencies.iter();
                dependencies.any(|d| d.name.starts_with(library))
            })
            .map(|package| package.name.as_str())
            .collect();
        assert_eq!(
            users,
            rooms.iter().copied().collect(),
            "who names {library}"
        );
    }
}

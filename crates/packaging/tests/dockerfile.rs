//! deploy/Dockerfile keeps the rules, and the build context holds what it copies and no more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use packaging::{dockerfile, read_text};

#[test]
fn the_dockerfile_keeps_the_rules() {
    let text = read_text("deploy/Dockerfile").unwrap();
    let findings = dockerfile::findings(&text, &["consumer", "transformer", "producer"]);
    assert!(findings.is_empty(), "{findings:#?}");
    let lock = read_text("Cargo.toml").unwrap();
    let oldest = lock
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .unwrap()
        .trim_matches('"');
    assert!(
        text.contains(&format!("rust:{oldest}")),
        "the image's Rust is not {oldest}"
    );
}

#[test]
fn the_build_context_has_every_member_and_nothing_by_default() {
    let ignored = read_text(".dockerignore").unwrap();
    assert!(
        ignored.lines().any(|line| line == "*"),
        "everything goes in that is not named"
    );
    let manifest = read_text("Cargo.toml").unwrap();
    let (_, members) = manifest.split_once("members = [").unwrap();
    let (members, _) = members.split_once(']').unwrap();
    for member in members
        .split(',')
        .map(|member| member.trim().trim_matches('"'))
    {
        if member.is_empty() {
            continue;
        }
        let top = member.split('/').next().unwrap();
        assert!(
            ignored.lines().any(|line| line == format!("!{top}")),
            "{member} is left out"
        );
    }
    for name in ["**/.env", "**/secrets", "**/target"] {
        assert!(
            ignored.lines().any(|line| line == name),
            "{name} may come into the image"
        );
    }
}

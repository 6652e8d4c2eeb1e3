//! Rules for a Dockerfile, in the manner of hadolint: what makes an image reproducible, small, and safe to run.

/// One instruction, its continued lines joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// `FROM`, `RUN`, …, in capitals.
    pub keyword: String,
    /// What follows it.
    pub rest: String,
}

/// The instructions of a Dockerfile, comments left out.
pub fn instructions(text: &str) -> Vec<Instruction> {
    let mut joined: Vec<String> = Vec::new();
    let mut continues = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let part = line.trim_end_matches('\\').trim_end();
        match joined.last_mut() {
            Some(last) if continues => {
                last.push(' ');
                last.push_str(part);
            }
            _ => joined.push(part.to_owned()),
        }
        continues = line.ends_with('\\');
    }
    let split = |line: &String| {
        let (keyword, rest) = line.split_once(char::is_whitespace)?;
        Some(Instruction {
            keyword: keyword.to_ascii_uppercase(),
            rest: rest.trim().to_owned(),
        })
    };
    joined.iter().filter_map(split).collect()
}

/// What breaks a rule, each in a sentence. `targets` are the stages that images are made of.
pub fn findings(text: &str, targets: &[&str]) -> Vec<String> {
    let instructions = instructions(text);
    let mut findings = Vec::new();
    for instruction in &instructions {
        findings.extend(complaint(instruction));
    }
    findings.extend(unpinned_bases(&instructions));
    for target in targets {
        findings.extend(target_findings(&instructions, target));
    }
    findings
}

fn complaint(instruction: &Instruction) -> Option<String> {
    let Instruction { keyword, rest } = instruction;
    let says = |why: &str| Some(format!("{keyword} {rest}: {why}"));
    match keyword.as_str() {
        "ADD" => says("COPY says what it does; ADD fetches and unpacks"),
        "ARG" | "ENV" if names_a_secret(rest) => {
            says("a secret in ARG or ENV stays in the image's history")
        }
        "RUN" if rest.contains("apt-get install") => {
            let is_complete = rest.contains("apt-get update")
                && rest.contains("--no-install-recommends")
                && rest.contains("rm -rf /var/lib/apt/lists/*");
            if is_complete {
                return None;
            }
            says(
                "update, install --no-install-recommends and remove /var/lib/apt/lists/* in one RUN",
            )
        }
        "RUN" if rest.contains("sudo ") => says("sudo has no place in an image"),
        "RUN" if rest.contains("cargo install") && !rest.contains("--version") => {
            says("name the version that is installed")
        }
        "MAINTAINER" => says("use a LABEL"),
        "SHELL" | "ONBUILD" => says("is not needed here"),
        "ENTRYPOINT" | "CMD" if !rest.starts_with('[') => says(
            "write it as a JSON list, so that signals reach the program and no shell is needed",
        ),
        _ => None,
    }
}

fn names_a_secret(assignment: &str) -> bool {
    let lowered = assignment.to_ascii_lowercase();
    [
        "password",
        "passwd",
        "secret",
        "token",
        "api_key",
        "credential",
    ]
    .iter()
    .any(|word| lowered.contains(word))
}

/// Every image that is not a stage of this file must have a tag, and not `latest`.
fn unpinned_bases(instructions: &[Instruction]) -> Vec<String> {
    let mut stages: Vec<&str> = Vec::new();
    let mut arguments: Vec<(&str, &str)> = Vec::new();
    let mut findings = Vec::new();
    for instruction in instructions {
        if instruction.keyword == "ARG" {
            arguments.extend(instruction.rest.split_once('='));
        }
        let Some((base, stage)) = from(instruction) else {
            continue;
        };
        let variable = base.trim_start_matches("${").trim_end_matches('}');
        let image = arguments
            .iter()
            .find(|(name, _)| *name == variable)
            .map_or(base, |(_, value)| *value);
        let tag = image
            .rsplit_once(':')
            .map(|(_, tag)| tag)
            .filter(|tag| !tag.contains('/'));
        let is_pinned = tag.is_some_and(|tag| {
            tag != "latest" && tag.contains(|letter: char| letter.is_ascii_digit())
        });
        if !is_pinned && !stages.contains(&image) {
            findings.push(format!("FROM {base}: pin it by a tag with a version"));
        }
        stages.extend(stage);
    }
    findings
}

/// Base and stage name of a FROM.
fn from(instruction: &Instruction) -> Option<(&str, Option<&str>)> {
    if instruction.keyword != "FROM" {
        return None;
    }
    let mut words = instruction
        .rest
        .split_whitespace()
        .filter(|word| !word.starts_with("--"));
    let base = words.next()?;
    let is_named = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("as"));
    Some((base, if is_named { words.next() } else { None }))
}

fn target_findings(instructions: &[Instruction], target: &str) -> Vec<String> {
    let begin = instructions
        .iter()
        .position(|instruction| from(instruction).is_some_and(|(_, stage)| stage == Some(target)));
    let Some(begin) = begin else {
        return vec![format!("there is no stage {target}")];
    };
    let stage: Vec<&Instruction> = instructions
        .iter()
        .skip(begin + 1)
        .take_while(|instruction| instruction.keyword != "FROM")
        .collect();
    let last = |keyword: &str| stage.iter().rev().find(|found| found.keyword == keyword);
    let mut findings = Vec::new();
    let user = last("USER").map(|instruction| instruction.rest.as_str());
    let is_unprivileged = user.is_some_and(|user| {
        // By number, which an orchestrator can check without the image's /etc/passwd.
        user.split(':')
            .all(|id| id.parse::<u32>().is_ok_and(|id| id > 0))
    });
    if !is_unprivileged {
        findings.push(format!(
            "stage {target}: end as a USER that is not root, by number"
        ));
    }
    if !last("HEALTHCHECK").is_some_and(|check| check.rest.contains("\"healthcheck\"")) {
        findings.push(format!(
            "stage {target}: has no HEALTHCHECK by the program's own command"
        ));
    }
    if last("ENTRYPOINT").is_none() {
        findings.push(format!("stage {target}: has no ENTRYPOINT"));
    }
    if stage.iter().any(|found| found.keyword == "RUN") {
        findings.push(format!(
            "stage {target}: what the images share belongs into their common stage"
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
ARG BASE=base
FROM debian:12.11-slim AS base
RUN apt-get update \\
    # a comment amid a command
    && apt-get install --yes --no-install-recommends ca-certificates \\
    && rm -rf /var/lib/apt/lists/*
FROM ${BASE} AS service
COPY a /usr/local/bin/a
USER 10001:10001
HEALTHCHECK --interval=10s CMD [\"/usr/local/bin/a\", \"healthcheck\"]
ENTRYPOINT [\"/usr/local/bin/a\"]
";

    #[test]
    fn a_good_file_has_no_findings() {
        assert_eq!(findings(GOOD, &["service"]), Vec::<String>::new());
        assert_eq!(instructions(GOOD).len(), 8);
    }

    #[test]
    fn each_rule_finds_its_breach() {
        for (from, to, told) in [
            ("debian:12.11-slim", "debian", "pin it"),
            ("debian:12.11-slim", "debian:latest", "pin it"),
            (
                "debian:12.11-slim",
                "registry.example:5000/debian",
                "pin it",
            ),
            ("=base\n", "=somewhere\n", "pin it"),
            ("USER 10001:10001", "USER root", "not root"),
            ("USER 10001:10001", "USER 0", "not root"),
            ("USER 10001:10001\n", "", "not root"),
            ("USER 10001:10001", "USER 10001:10001\nUSER 0:0", "not root"),
            ("COPY a", "ADD https://example.org/a", "COPY"),
            ("COPY a", "ENV DB_PASSWORD=x\nCOPY a", "history"),
            ("COPY a", "ARG TOKEN\nCOPY a", "history"),
            (" \\\n    && rm -rf /var/lib/apt/lists/*", "", "lists"),
            ("--no-install-recommends ", "", "recommends"),
            ("\"healthcheck\"", "\"--version\"", "HEALTHCHECK"),
            ("ENTRYPOINT [\"/usr/local/bin/a\"]", "ENTRYPOINT a", "JSON"),
            ("COPY a", "RUN cargo install cargo-chef\nCOPY a", "version"),
            ("AS service", "AS other", "no stage service"),
        ] {
            let bad = GOOD.replace(from, to);
            assert_ne!(bad, GOOD, "{from}");
            let found = findings(&bad, &["service"]).join("\n");
            assert!(found.contains(told), "{from} → {to}: {found:?}");
        }
    }
}

//! Compose and stack files: against the specification, against the services, against what is there, and for safety.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::{BTreeMap, BTreeSet};

use clap::CommandFactory;
use packaging::compose::{
    environment, references, section, services, settings, variables, volume_sources, words,
};
use packaging::{read_text, read_yaml, root};
use serde_json::{Value, json};

const PIPELINE: &str = "docker-compose.yml";
const TOOLS: &str = "docker-compose-tools.yml";
const STACK: &str = "deploy/docker-stack.yml";
const ALL: [&str; 3] = [PIPELINE, TOOLS, STACK];

/// Settings that are read besides the command line: secrets, and what logging takes.
const NOT_FLAGS: [&str; 13] = [
    "ASSAY_LOG_FORMAT",
    "BRONZE_WRITER_PASSWORD",
    "BRONZE_WRITER_PASSWORD_FILE",
    "DASHBOARD_READER_PASSWORD",
    "DASHBOARD_READER_PASSWORD_FILE",
    "DATABASE_CA_FILE",
    "DATABASE_PASSWORD",
    "DATABASE_PASSWORD_FILE",
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "RUST_LOG",
    "TRANSFORMER_PASSWORD",
    "TRANSFORMER_PASSWORD_FILE",
];

fn command_line(program: &str) -> clap::Command {
    match program {
        "consumer" => consumer::cli::Cli::command(),
        "producer" => producer::cli::Cli::command(),
        "transformer" => transformer::cli::command(),
        other => panic!("no service {other}"),
    }
}

/// The service whose image it is; nothing for the images of others.
fn program_of(service: &Value) -> Option<&'static str> {
    let image = service["image"].as_str().unwrap();
    ["consumer", "producer", "transformer"]
        .into_iter()
        .find(|program| image.contains(&format!("/{program}:")))
}

fn validator() -> jsonschema::Validator {
    let schema: Value =
        serde_json::from_str(&read_text("crates/packaging/schema/compose-spec.json").unwrap())
            .unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn each_service() -> Vec<(&'static str, String, Value)> {
    let of_file = |file: &'static str| {
        services(&read_yaml(file).unwrap())
            .into_iter()
            .map(move |(name, service)| (file, name, service))
    };
    ALL.into_iter().flat_map(of_file).collect()
}

#[test]
fn files_follow_the_compose_specification() {
    let validator = validator();
    for file in ALL {
        let content = read_yaml(file).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&content)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{file}: {errors:#?}");
        let mut misspelt = content;
        misspelt["services"]["kafka"]["helthcheck"] = json!({});
        assert!(!validator.is_valid(&misspelt), "the schema refuses nothing");
    }
}

#[test]
fn settings_and_their_example_name_each_other() {
    let example = settings(&read_text(".env.example").unwrap());
    let mut used = BTreeSet::new();
    for file in ALL {
        for variable in variables(&read_text(file).unwrap()) {
            let name = variable.name.clone();
            let stands_for = example.get(&name);
            let is_stacks_own = ["ASSAY_IMAGE_PREFIX", "SECRETS_VERSION"].contains(&name.as_str());
            assert!(
                stands_for.is_some() || is_stacks_own,
                "{name} of {file} is not in .env.example"
            );
            if let (Some(default), Some(value)) = (&variable.default, stands_for) {
                assert_eq!(
                    default, value,
                    "{name} of {file} has another default in .env.example"
                );
            }
            assert!(
                variable.default.is_some() || variable.complaint.is_some(),
                "{name} of {file} would silently be empty"
            );
            if let Some(complaint) = &variable.complaint {
                // Some readers of these files take it for the operator of a default, and then nothing is refused.
                assert!(
                    !complaint.contains(['-', '+']),
                    "{name} of {file}: {complaint}"
                );
                assert!(
                    complaint.contains(".env"),
                    "{name} of {file}: tells no remedy"
                );
            }
            let is_secret = name.contains("PASSWORD") || name.contains("SECRETS_DIR");
            assert!(
                !is_secret || variable.default.is_none(),
                "{name} of {file} has a default"
            );
            used.insert(name);
        }
    }
    for name in example.keys() {
        assert!(
            used.contains(name),
            "{name} of .env.example is used nowhere"
        );
    }
    for (name, value) in &example {
        assert!(!value.is_empty(), "{name} of .env.example is empty");
        let is_password = name.contains("PASSWORD");
        assert!(
            !is_password || value.starts_with("./secrets/"),
            "{name} holds a password"
        );
    }
}

#[test]
fn services_know_the_settings_and_commands_that_they_are_given() {
    let mut checked = 0;
    for (file, name, service) in each_service() {
        let Some(program) = program_of(&service) else {
            continue;
        };
        let command_line = command_line(program);
        let entrypoint = words(&service, "entrypoint");
        let command: Vec<String> = entrypoint
            .iter()
            .skip(1)
            .cloned()
            .chain(words(&service, "command"))
            .collect();
        if let Some(path) = entrypoint.first() {
            assert_eq!(*path, format!("/usr/local/bin/{program}"), "{file}: {name}");
        }
        let subcommand = command.first().map_or("run", String::as_str);
        let subcommand = command_line
            .find_subcommand(subcommand)
            .unwrap_or_else(|| panic!("{file}: {name}: {program} has no command {subcommand}"));
        // The sources that `import` reads are commands of their own.
        let sources = subcommand.get_subcommands();
        let known: BTreeSet<&str> = subcommand
            .get_arguments()
            .chain(sources.flat_map(clap::Command::get_arguments))
            .filter_map(|argument| argument.get_env()?.to_str())
            .chain(NOT_FLAGS)
            .collect();
        for (variable, value) in environment(&service) {
            // Shared by all; `migrate` and `verify` serve nothing.
            let is_shared = variable == "ASSAY_HTTP_ADDR";
            assert!(
                known.contains(variable.as_str()) || is_shared,
                "{file}: {name}: {program} {} does not know {variable}",
                subcommand.get_name()
            );
            assert_given_well(&service, file, &name, &variable, &value);
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked} settings found");
}

fn assert_given_well(service: &Value, file: &str, name: &str, variable: &str, value: &str) {
    if variable.ends_with("_PASSWORD_FILE") {
        let secret = value.strip_prefix("/run/secrets/").unwrap_or_else(|| {
            panic!("{file}: {name}: {variable} is no secret");
        });
        assert!(
            references(service, "secrets").contains(secret),
            "{file}: {name} is not given the secret {secret}"
        );
    }
    assert!(
        !variable.ends_with("_PASSWORD"),
        "{file}: {name}: {variable} in the clear"
    );
    if variable == "DATABASE_URL" {
        let (user, _) = value
            .trim_start_matches("postgres://")
            .split_once('@')
            .unwrap();
        assert!(
            !user.contains(':'),
            "{file}: {name}: a password in DATABASE_URL"
        );
        let expected = match name {
            "migrate" => "migrator",
            "consumer" => "bronze_writer",
            _ => "transformer",
        };
        assert_eq!(user, expected, "{file}: {name}: connects as the wrong role");
    }
}

#[test]
fn what_is_named_is_defined_and_what_is_defined_is_used() {
    let pipeline = read_yaml(PIPELINE).unwrap();
    for file in ALL {
        let own = read_yaml(file).unwrap();
        // The tools are read after the pipeline.
        let defined_in = if file == TOOLS { &pipeline } else { &own };
        for (key, is_path) in [
            ("secrets", false),
            ("networks", false),
            ("configs", false),
            ("volumes", true),
        ] {
            let mut used = BTreeSet::new();
            for (name, service) in services(&own) {
                let mut named = references(&service, key);
                if is_path {
                    named = volume_sources(&service);
                    named.retain(|source| !source.starts_with(['.', '/']));
                }
                let defined = section(defined_in, key);
                for reference in &named {
                    assert!(
                        defined.contains_key(reference),
                        "{file}: {name}: no {key} {reference}"
                    );
                }
                used.extend(named);
            }
            for name in section(&own, key).keys() {
                assert!(
                    used.contains(name),
                    "{file}: {key} {name} is used by nobody"
                );
            }
        }
        for (name, service) in services(&own) {
            for dependency in references(&service, "depends_on") {
                let is_there = services(&own).contains_key(&dependency)
                    || services(defined_in).contains_key(&dependency);
                assert!(
                    is_there,
                    "{file}: {name} waits for {dependency}, which is not there"
                );
            }
        }
    }
}

#[test]
fn every_mounted_file_exists() {
    let mut checked = BTreeSet::new();
    for file in ALL {
        let content = read_yaml(file).unwrap();
        let directory = root().join(file).parent().unwrap().to_owned();
        let mut paths: Vec<String> = services(&content)
            .values()
            .flat_map(volume_sources)
            .filter(|source| source.starts_with('.'))
            .collect();
        let configs = section(&content, "configs");
        paths.extend(
            configs
                .values()
                .map(|config| config["file"].as_str().unwrap().to_owned()),
        );
        for (name, service) in services(&content) {
            if let Some(build) = service.get("build") {
                let path = build["dockerfile"].as_str().unwrap();
                paths.push(path.to_owned());
                let dockerfile = std::fs::read_to_string(directory.join(path)).unwrap();
                let target = build["target"].as_str().unwrap();
                assert!(
                    dockerfile.contains(&format!(" AS {target}\n")),
                    "{file}: {name}: no target {target}"
                );
            }
        }
        for path in paths {
            assert!(
                directory.join(&path).exists(),
                "{file} mounts {path}, which is not there"
            );
            checked.insert(path);
        }
    }
    assert!(checked.len() >= 8, "{checked:?}");
}

#[test]
fn every_container_is_locked_down() {
    // These images name a user without rights themselves, or are ours, whose Dockerfile is checked.
    let own_user = ["apache/kafka:", "kafbat/kafka-ui:"];
    for (file, name, service) in each_service() {
        let told = format!("{file}: {name}");
        let image = service["image"].as_str().unwrap();
        assert_eq!(service["read_only"], json!(true), "{told}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{told}");
        assert!(
            service.get("privileged").is_none() && service.get("cap_add").is_none(),
            "{told}"
        );
        if file != STACK {
            assert_eq!(
                service["security_opt"],
                json!(["no-new-privileges:true"]),
                "{told}"
            );
        }
        let limits = &service["deploy"]["resources"]["limits"];
        assert!(
            limits["memory"].is_string() && limits["pids"].is_u64(),
            "{told}: no limits"
        );
        let user = service["user"].as_str();
        let is_unprivileged = user.map_or_else(
            || program_of(&service).is_some() || own_user.iter().any(|own| image.starts_with(own)),
            |user| !user.starts_with('0') && !user.starts_with("root"),
        );
        assert!(is_unprivileged, "{told} may run as root");
        assert_pinned(image, &told);
        for port in service["ports"].as_array().into_iter().flatten() {
            let is_local = port
                .as_str()
                .is_some_and(|port| port.starts_with("127.0.0.1:"));
            assert!(
                is_local || file == STACK,
                "{told}: {port} is open to the network"
            );
        }
        let sources = volume_sources(&service);
        assert!(
            !sources.iter().any(|source| source.contains("docker.sock")),
            "{told}"
        );
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let is_file = volume
                .as_str()
                .is_some_and(|volume| volume.starts_with('.'));
            assert!(
                !is_file || volume.as_str().unwrap().ends_with(":ro"),
                "{told}: {volume} can be written"
            );
        }
    }
}

fn assert_pinned(image: &str, told: &str) {
    let (_, tag) = image
        .split_once(':')
        .unwrap_or_else(|| panic!("{told}: {image} has no tag"));
    let is_own_version = tag.starts_with("-assay}/") || tag == "${ASSAY_VERSION:-0.1.0}";
    let has_version = tag.chars().any(|letter| letter.is_ascii_digit()) && !tag.contains("latest");
    assert!(
        is_own_version || has_version,
        "{told}: {image} is not pinned"
    );
}

#[test]
fn the_pipeline_is_eight_containers_at_most_and_scales() {
    let mut running: BTreeMap<String, Value> = services(&read_yaml(PIPELINE).unwrap());
    let tools = services(&read_yaml(TOOLS).unwrap());
    running.extend(
        tools
            .into_iter()
            .filter(|(_, service)| service.get("profiles").is_none()),
    );
    assert!(running.len() <= 8, "{:?}", running.keys());
    for name in ["consumer", "transformer"] {
        let service = &running[name];
        assert!(
            service.get("container_name").is_none() && service.get("ports").is_none(),
            "{name}"
        );
    }
}

#[test]
fn containers_start_in_order_and_say_how_they_are() {
    let pipeline = services(&read_yaml(PIPELINE).unwrap());
    for name in ["consumer", "transformer", "grafana"] {
        let condition = &pipeline[name]["depends_on"]["migrate"]["condition"];
        assert_eq!(condition, "service_completed_successfully", "{name}");
    }
    assert_eq!(
        pipeline["migrate"]["depends_on"]["db"]["condition"],
        "service_healthy"
    );
    assert_eq!(
        pipeline["consumer"]["depends_on"]["kafka"]["condition"],
        "service_healthy"
    );
    for (name, service) in &pipeline {
        let is_checked = service.get("healthcheck").is_some() || program_of(service).is_some();
        assert!(is_checked, "{name} has no health check");
        let restart = service["restart"].as_str().unwrap();
        let is_ours = program_of(service).is_some();
        // A wrong setting must come to an end with its sentence in the log.
        assert!(
            !is_ours || restart.starts_with("on-failure:"),
            "{name} restarts for ever"
        );
    }
}

#[test]
fn a_rolling_update_never_runs_two_on_the_same_data() {
    for (name, service) in services(&read_yaml(STACK).unwrap()) {
        let deploy = &service["deploy"];
        let order = deploy["update_config"]["order"].as_str();
        match name.as_str() {
            "consumer" | "transformer" => {
                assert_eq!(order, Some("start-first"), "{name}");
                assert_eq!(
                    deploy["update_config"]["failure_action"], "rollback",
                    "{name}"
                );
                assert_eq!(
                    deploy["endpoint_mode"], "dnsrr",
                    "{name}: Prometheus would see one replica"
                );
            }
            "migrate" => assert_eq!(deploy["restart_policy"]["condition"], "on-failure"),
            _ => {
                assert_eq!(order, Some("stop-first"), "{name}");
                assert_eq!(deploy["replicas"], 1, "{name}");
            }
        }
    }
}

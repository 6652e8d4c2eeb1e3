//! Wrong settings end with one clear sentence, what to do, and the exit code that the documentation promises.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::time::Duration;

use demo::fleet::Fleet;
use local_stack::testing::shared;

struct Case {
    service: &'static str,
    arguments: &'static [&'static str],
    environment: Vec<(&'static str, String)>,
    code: i32,
    says: &'static [&'static str],
}

#[allow(clippy::too_many_lines)] // a table
fn cases() -> Vec<Case> {
    let stack = shared();
    let url = stack.superuser_url();
    let (start, rest) = url.split_once('@').unwrap();
    let user = start.rsplit_once(':').unwrap().0;
    let wrong_password = format!("{user}:wrong@{rest}");
    let wrong_database = format!("{}/no_such_database", url.rsplit_once('/').unwrap().0);
    let nobody = "postgresql://u:secret-word@127.0.0.1:1/assay".to_owned();
    let kafka = stack.kafka_bootstrap_servers().to_owned();
    let case = |service, arguments, environment, code, says| Case {
        service,
        arguments,
        environment,
        code,
        says,
    };
    vec![
        case(
            "transformer",
            &["run"],
            vec![],
            3,
            &["DATABASE_URL is not set", "postgres://"],
        ),
        case(
            "consumer",
            &["run"],
            vec![("KAFKA_BOOTSTRAP_SERVERS", kafka.clone())],
            3,
            &["DATABASE_URL", "postgres"],
        ),
        case(
            "transformer",
            &["run"],
            vec![("DATABASE_URL", "nonsense".into())],
            3,
            &["malformed"],
        ),
        case(
            "transformer",
            &["run"],
            vec![("DATABASE_URL", wrong_password.clone())],
            3,
            &["password"],
        ),
        case(
            "transformer",
            &["verify"],
            vec![("DATABASE_URL", wrong_database)],
            3,
            &["no_such_database"],
        ),
        case(
            "transformer",
            &["run", "--wait-for-dependencies", "1s"],
            vec![("DATABASE_URL", nobody.clone())],
            4,
            &["127.0.0.1:1", "gave up"],
        ),
        case(
            "transformer",
            &["run", "--batch-max-rows", "0"],
            vec![("DATABASE_URL", nobody.clone())],
            2,
            &["1..=65536"],
        ),
        case("transformer", &["dance"], vec![], 2, &["dance"]),
        case(
            "consumer",
            &["run", "--wait-for-dependencies", "1s"],
            vec![
                ("DATABASE_URL", wrong_password),
                ("KAFKA_BOOTSTRAP_SERVERS", kafka.clone()),
            ],
            3,
            &["password"],
        ),
        case(
            "consumer",
            &["run", "--wait-for-dependencies", "2s"],
            vec![
                ("DATABASE_URL", url.to_owned()),
                ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1".into()),
            ],
            4,
            &["127.0.0.1:1"],
        ),
        case(
            "producer",
            &["run", "--count", "10", "--wait-for-dependencies", "2s"],
            vec![(
                "KAFKA_BOOTSTRAP_SERVERS",
                "no-such-broker.invalid:9092".into(),
            )],
            4,
            &["no-such-broker.invalid:9092"],
        ),
        case(
            "producer",
            &["run", "--count", "10"],
            vec![("KAFKA_BOOTSTRAP_SERVERS", "kafka://localhost".into())],
            3,
            &["localhost:9092"],
        ),
        case(
            "producer",
            &["run", "--rate=-5"],
            vec![("KAFKA_BOOTSTRAP_SERVERS", kafka.clone())],
            2,
            &["rate"],
        ),
        case(
            "producer",
            &["run", "--duplicate-pct", "101"],
            vec![],
            2,
            &["duplicate-pct"],
        ),
        case("producer", &["run", "--count", "0"], vec![], 2, &["count"]),
    ]
}

#[test]
fn wrong_settings_are_explained() {
    let logs = tempfile::tempdir().unwrap();
    let fleet = Fleet::new(logs.path().to_owned()).unwrap();
    for (number, case) in cases().iter().enumerate() {
        let given = case.environment.iter();
        let environment: Vec<(String, String)> = given
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let name = format!("case-{number}");
        let mut service = fleet
            .spawn(case.service, &name, case.arguments, &environment)
            .unwrap();
        let status = service.wait(Duration::from_secs(60)).unwrap();
        let said = service.log().unwrap();
        let told = format!("{} {:?} said: {said}", case.service, case.arguments);
        assert_eq!(status.code(), Some(case.code), "{told}");
        for expected in case.says {
            assert!(said.contains(expected), "nothing of {expected:?}: {told}");
        }
        assert!(
            !said.contains("secret-word"),
            "a password in the log: {told}"
        );
        assert!(!said.contains("panicked"), "{told}");
    }
}

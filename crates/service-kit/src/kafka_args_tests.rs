use clap::builder::Resettable;
use clap::{CommandFactory, FromArgMatches, Parser};
use proptest::prelude::*;

use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    kafka: KafkaArgs,
}

/// Without the environment, which names a broker when the tests run on a stack.
fn parse(arguments: &[&str]) -> KafkaArgs {
    let command = Cli::command().mut_args(|argument| argument.env(Resettable::Reset));
    let matches = command.get_matches_from([&["test"], arguments].concat());
    Cli::from_arg_matches(&matches).unwrap().kafka
}

fn properties(
    arguments: &[&str],
    password: Option<&str>,
) -> Result<Vec<(String, String)>, Failure> {
    parse(arguments).properties_with_password(password.map(Secret::new))
}

fn complaint(arguments: &[&str], password: Option<&str>) -> String {
    let failure = properties(arguments, password).unwrap_err();
    assert_eq!(failure.exit_code(), 3);
    failure.to_string()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn the_defaults_reach_a_broker_on_this_machine() {
    let args = parse(&[]);
    assert_eq!(args.topic, "ecommerce.transactions");
    let expected = pairs(&[
        ("bootstrap.servers", "localhost:9092"),
        ("security.protocol", "plaintext"),
    ]);
    assert_eq!(properties(&[], None).unwrap(), expected);
}

#[test]
fn sasl_over_tls_with_options_last() {
    let arguments = [
        "--kafka-bootstrap-servers=a:1, [::1]:65535",
        "--kafka-security-protocol=SASL_SSL",
        "--kafka-sasl-mechanism=scram-sha-512",
        "--kafka-sasl-username=ann",
        "--kafka-option=client.rack=a,socket.keepalive.enable=true",
        "--kafka-option=x=y=z",
    ];
    let expected = pairs(&[
        ("bootstrap.servers", "a:1,[::1]:65535"),
        ("security.protocol", "sasl_ssl"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", "ann"),
        ("sasl.password", "s3cret"),
        ("client.rack", "a"),
        ("socket.keepalive.enable", "true"),
        ("x", "y=z"),
    ]);
    assert_eq!(properties(&arguments, Some("s3cret")).unwrap(), expected);
}

#[test]
fn wrong_servers_are_refused_with_the_right_form() {
    for wrong in [
        "",
        "localhost",
        "kafka://localhost:9092",
        "PLAINTEXT://a:9092",
        "a:0",
        "a:65536",
        "a:+1",
        "a:-1",
        "a:",
        ":9092",
        "a:9092,",
        "a:9092,,b:1",
        "::1:9092",
        "[]:1",
        "a b:1",
        "a:9092/x",
    ] {
        let text = complaint(&["--kafka-bootstrap-servers", wrong], None);
        assert!(text.contains("localhost:9092"), "{wrong}: {text}");
    }
}

#[test]
fn illegal_topic_names_are_refused() {
    let too_long = "x".repeat(250);
    for wrong in ["", ".", "..", "a b", "a/b", "ü", too_long.as_str(), "a\n"] {
        assert!(
            complaint(&["--kafka-topic", wrong], None).contains("topic"),
            "{wrong}"
        );
    }
    let longest = "x".repeat(249);
    assert!(properties(&["--kafka-topic", &longest], None).is_ok());
}

#[test]
fn security_settings_must_fit_together() {
    let sasl = "--kafka-security-protocol=sasl_plaintext";
    let mechanism = "--kafka-sasl-mechanism=PLAIN";
    let user = "--kafka-sasl-username=ann";
    assert!(complaint(&[sasl], Some("x")).contains("KAFKA_SASL_MECHANISM"));
    assert!(complaint(&[sasl, mechanism], Some("x")).contains("KAFKA_SASL_USERNAME"));
    assert!(complaint(&[sasl, mechanism, user], None).contains("KAFKA_SASL_PASSWORD_FILE"));
    assert!(complaint(&[sasl, user, "--kafka-sasl-mechanism=GSSAPI"], Some("x")).contains("SCRAM"));
    assert!(complaint(&[user], None).contains("sasl_ssl"));
    assert!(complaint(&["--kafka-ca-file=/etc/hostname"], None).contains("TLS"));
    let missing = [
        "--kafka-security-protocol=ssl",
        "--kafka-ca-file=/nonexistent",
    ];
    assert!(complaint(&missing, None).contains("/nonexistent"));
    assert!(Cli::try_parse_from(["test", "--kafka-security-protocol=tls"]).is_err());
}

#[test]
fn empty_settings_count_as_absent() {
    let arguments = [
        "--kafka-sasl-username=",
        "--kafka-sasl-mechanism=",
        "--kafka-ca-file=",
        "--kafka-option=",
    ];
    assert_eq!(
        properties(&arguments, None).unwrap(),
        properties(&[], None).unwrap()
    );
}

#[test]
fn options_need_a_key_and_a_value_and_hold_no_password() {
    assert!(complaint(&["--kafka-option=novalue"], None).contains("key=value"));
    assert!(complaint(&["--kafka-option==x"], None).contains("key=value"));
    let text = complaint(&["--kafka-option=sasl.password=hunter2"], None);
    assert!(
        text.contains("KAFKA_SASL_PASSWORD") && !text.contains("hunter2"),
        "{text}"
    );
}

proptest! {
    #[test]
    fn no_setting_makes_it_panic_and_what_passes_is_well_formed(servers in ".{0,40}", topic in ".{0,20}", option in ".{0,20}") {
        let args = KafkaArgs { bootstrap_servers: servers, topic, options: vec![option], ..parse(&[]) };
        if let Ok(properties) = args.properties_with_password(None) {
            for (key, value) in properties {
                prop_assert!(!key.is_empty() && !key.contains('\0') && !value.contains('\0'));
            }
        }
    }
}

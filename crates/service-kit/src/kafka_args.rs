//! How to reach Kafka, as every service that speaks to it is told. Names no client: the outcome is a list of properties
//! in librdkafka's spelling.

use std::convert::Infallible;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::{Failure, Secret, secret_from_env};

/// The longest topic name that Kafka takes.
const LONGEST_TOPIC_NAME: usize = 249;

/// How connections to Kafka are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum SecurityProtocol {
    /// Neither encryption nor authentication
    Plaintext,
    /// TLS
    Ssl,
    /// User name and password without encryption
    SaslPlaintext,
    /// User name and password over TLS
    SaslSsl,
}

impl SecurityProtocol {
    fn property_value(self) -> &'static str {
        match self {
            SecurityProtocol::Plaintext => "plaintext",
            SecurityProtocol::Ssl => "ssl",
            SecurityProtocol::SaslPlaintext => "sasl_plaintext",
            SecurityProtocol::SaslSsl => "sasl_ssl",
        }
    }

    fn uses_sasl(self) -> bool {
        matches!(
            self,
            SecurityProtocol::SaslPlaintext | SecurityProtocol::SaslSsl
        )
    }

    fn uses_tls(self) -> bool {
        matches!(self, SecurityProtocol::Ssl | SecurityProtocol::SaslSsl)
    }
}

/// How to reach Kafka. Flatten it into a command; the password comes from `KAFKA_SASL_PASSWORD` or
/// `KAFKA_SASL_PASSWORD_FILE`, never from a flag.
#[derive(Debug, Clone, Args)]
pub struct KafkaArgs {
    /// Kafka brokers to start from, host:port, comma separated
    #[arg(
        id = "kafka_bootstrap_servers",
        long = "kafka-bootstrap-servers",
        env = "KAFKA_BOOTSTRAP_SERVERS",
        value_name = "HOST:PORT,…",
        default_value = "localhost:9092"
    )]
    pub bootstrap_servers: String,

    /// Kafka topic of the events
    #[arg(
        id = "kafka_topic",
        long = "kafka-topic",
        env = "KAFKA_TOPIC",
        value_name = "TOPIC",
        default_value = "ecommerce.transactions"
    )]
    pub topic: String,

    /// How connections to Kafka are protected
    #[arg(
        id = "kafka_security_protocol",
        long = "kafka-security-protocol",
        env = "KAFKA_SECURITY_PROTOCOL",
        value_name = "PROTOCOL",
        default_value = "plaintext",
        ignore_case = true
    )]
    pub security_protocol: SecurityProtocol,

    /// SASL mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
    #[arg(
        id = "kafka_sasl_mechanism",
        long = "kafka-sasl-mechanism",
        env = "KAFKA_SASL_MECHANISM",
        value_name = "MECHANISM"
    )]
    pub sasl_mechanism: Option<String>,

    /// SASL user name; the password comes from KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE
    #[arg(
        id = "kafka_sasl_username",
        long = "kafka-sasl-username",
        env = "KAFKA_SASL_USERNAME",
        value_name = "USER"
    )]
    pub sasl_username: Option<String>,

    /// File with the certificates of the authorities that sign the brokers' (PEM); the system's where absent
    #[arg(
        id = "kafka_ca_file",
        long = "kafka-ca-file",
        env = "KAFKA_CA_FILE",
        value_name = "FILE",
        value_parser = parse_path
    )]
    pub ca_file: Option<PathBuf>,

    /// Any other property of the Kafka client, e.g. client.rack=a; repeatable
    #[arg(
        id = "kafka_option",
        long = "kafka-option",
        env = "KAFKA_OPTIONS",
        value_name = "KEY=VALUE",
        value_delimiter = ',',
        hide_env_values = true
    )]
    pub options: Vec<String>,
}

impl KafkaArgs {
    /// The settings in librdkafka's spelling: servers, security, then the free options in the order given.
    ///
    /// # Errors
    /// [`Failure::Configuration`] where an address, the topic's name, an option or the combination of security settings
    /// cannot be right, or where the password cannot be read.
    pub fn client_properties(&self) -> Result<Vec<(String, String)>, Failure> {
        self.properties_with_password(secret_from_env("KAFKA_SASL_PASSWORD")?)
    }

    fn properties_with_password(
        &self,
        password: Option<Secret>,
    ) -> Result<Vec<(String, String)>, Failure> {
        check_topic_name(&self.topic)?;
        let mut properties = vec![(
            "bootstrap.servers".to_owned(),
            check_bootstrap_servers(&self.bootstrap_servers)?,
        )];
        let protocol = self.security_protocol;
        properties.push((
            "security.protocol".to_owned(),
            protocol.property_value().to_owned(),
        ));
        if let Some(path) = self
            .ca_file
            .as_ref()
            .filter(|path| !path.as_os_str().is_empty())
        {
            properties.push(("ssl.ca.location".to_owned(), self.check_ca_file(path)?));
        }
        if protocol.uses_sasl() {
            properties.extend(self.sasl_properties(password)?);
        } else if given(&self.sasl_username).is_some() || given(&self.sasl_mechanism).is_some() {
            return Err(Failure::Configuration(
                "a SASL user or mechanism is set, but KAFKA_SECURITY_PROTOCOL uses no SASL: set it to sasl_ssl, or unset \
                 KAFKA_SASL_USERNAME and KAFKA_SASL_MECHANISM"
                    .to_owned(),
            ));
        }
        for option in self
            .options
            .iter()
            .filter(|option| !option.trim().is_empty())
        {
            properties.push(split_option(option)?);
        }
        Ok(properties)
    }

    fn check_ca_file(&self, path: &std::path::Path) -> Result<String, Failure> {
        if !self.security_protocol.uses_tls() {
            return Err(Failure::Configuration(
                "KAFKA_CA_FILE is set, but KAFKA_SECURITY_PROTOCOL uses no TLS: set it to ssl or sasl_ssl".to_owned(),
            ));
        }
        if let Err(error) = std::fs::File::open(path) {
            return Err(Failure::Configuration(format!(
                "cannot read the file {} that KAFKA_CA_FILE names: {error}",
                path.display()
            )));
        }
        path.to_str().map(str::to_owned).ok_or_else(|| {
            Failure::Configuration(format!(
                "the path {} in KAFKA_CA_FILE is not UTF-8",
                path.display()
            ))
        })
    }

    fn sasl_properties(&self, password: Option<Secret>) -> Result<[(String, String); 3], Failure> {
        let missing = |name: &str| {
            Failure::Configuration(format!(
                "KAFKA_SECURITY_PROTOCOL={} needs {name}: set it",
                self.security_protocol.property_value()
            ))
        };
        let mechanism =
            given(&self.sasl_mechanism).ok_or_else(|| missing("KAFKA_SASL_MECHANISM"))?;
        let mechanism = mechanism.to_ascii_uppercase();
        if !["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"].contains(&mechanism.as_str()) {
            return Err(Failure::Configuration(format!(
                "KAFKA_SASL_MECHANISM={mechanism} is not supported: use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
            )));
        }
        let username = given(&self.sasl_username).ok_or_else(|| missing("KAFKA_SASL_USERNAME"))?;
        let password =
            password.ok_or_else(|| missing("KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE"))?;
        Ok([
            ("sasl.mechanism".to_owned(), mechanism),
            ("sasl.username".to_owned(), username.to_owned()),
            ("sasl.password".to_owned(), password.expose().to_owned()),
        ])
    }
}

/// Takes an empty path too, which clap's own parser refuses: it counts as absent.
fn parse_path(text: &str) -> Result<PathBuf, Infallible> {
    Ok(PathBuf::from(text))
}

/// Compose files pass variables that are not set as empty ones.
fn given(setting: &Option<String>) -> Option<&str> {
    setting
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

fn split_option(option: &str) -> Result<(String, String), Failure> {
    let wrong = |why: &str| Failure::Configuration(format!("the Kafka option {why}"));
    let Some((key, value)) = option.split_once('=') else {
        return Err(wrong(&format!(
            "`{option}` has no value: write key=value, for instance client.rack=a"
        )));
    };
    let key = key.trim();
    if key.is_empty() || key.contains('\0') || value.contains('\0') {
        return Err(wrong(
            "has no key, or a NUL in it: write key=value, for instance client.rack=a",
        ));
    }
    if key == "sasl.password" {
        return Err(wrong(
            "sasl.password would show in the list of processes: use KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE",
        ));
    }
    Ok((key.to_owned(), value.trim().to_owned()))
}

/// The list without blanks, or what is wrong with it.
fn check_bootstrap_servers(list: &str) -> Result<String, Failure> {
    let servers: Vec<&str> = list.split(',').map(str::trim).collect();
    for server in &servers {
        check_server(server).map_err(|why| {
            Failure::Configuration(format!(
                "KAFKA_BOOTSTRAP_SERVERS has `{server}`, {why}: write host:port, several separated by commas, for \
                 instance localhost:9092 or kafka-1:9092,kafka-2:9092"
            ))
        })?;
    }
    Ok(servers.join(","))
}

fn check_server(server: &str) -> Result<(), &'static str> {
    if server.is_empty() {
        return Err("an empty entry");
    }
    if server.contains("://") {
        return Err("which is a URL");
    }
    let Some((host, port)) = server.rsplit_once(':') else {
        return Err("which has no port");
    };
    let is_bracketed = host.starts_with('[') && host.ends_with(']') && host.len() > 2;
    if host.is_empty()
        || host.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    {
        return Err("which has no usable host");
    }
    if host.contains([':', '[', ']']) && !is_bracketed {
        return Err("which is an IPv6 address without brackets or has no port");
    }
    // Parsing alone would take "+9092".
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(number) if is_number && number > 0 => Ok(()),
        _ => Err("whose port is not a number from 1 to 65535"),
    }
}

fn check_topic_name(name: &str) -> Result<(), Failure> {
    let is_legal_letter = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let is_legal = !name.is_empty()
        && name.len() <= LONGEST_TOPIC_NAME
        && name != "."
        && name != ".."
        && name.chars().all(is_legal_letter);
    if is_legal {
        return Ok(());
    }
    Err(Failure::Configuration(format!(
        "KAFKA_TOPIC={} is not a legal topic name: use 1 to {LONGEST_TOPIC_NAME} of the letters a-z A-Z 0-9 . _ -, for \
         instance ecommerce.transactions",
        name.escape_debug()
    )))
}

#[cfg(test)]
#[path = "kafka_args_tests.rs"]
mod tests;

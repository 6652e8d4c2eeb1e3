//! The few statements that administer a server, and connection URLs. Errors are plain text without secrets.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};

use crate::blocking;

/// A connection URL of a server on 127.0.0.1.
pub(crate) fn url(role: &str, password: &str, port: u16, database: &str) -> String {
    format!("postgresql://{role}:{password}@127.0.0.1:{port}/{database}")
}

/// The same server and role, another database. Takes both forms that PostgreSQL's clients take: a URL, and
/// `key=value` pairs.
pub(crate) fn with_database(url: &str, database: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // Of a repeated key the last one counts.
        return format!("{url} dbname='{database}'");
    };
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, format!("?{query}")),
        None => (rest, String::new()),
    };
    let server = match place.rfind('@') {
        Some(at) => match place.get(at..).and_then(|after| after.find('/')) {
            Some(slash) => place.get(..at + slash).unwrap_or(place),
            None => place,
        },
        None => place.split_once('/').map_or(place, |(server, _)| server),
    };
    format!("{scheme}://{server}/{database}{query}")
}

/// The same role and database at another server, given as host:port; nothing where it is no URL.
pub(crate) fn with_server(url: &str, server: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    // A password may hold a slash or an @, though it should not; the last @ is the one that counts.
    let (credentials, place) = match rest.rsplit_once('@') {
        Some((credentials, place)) => (format!("{credentials}@"), place),
        None => (String::new(), rest),
    };
    let end = place.find(['/', '?']).unwrap_or(place.len());
    let tail = place.get(end..).unwrap_or_default();
    Some(format!("{scheme}://{credentials}{server}{tail}"))
}

/// host:port of a URL.
pub(crate) fn address(url: &str) -> String {
    let Ok(config) = url.parse::<Config>() else {
        return "an address that cannot be read".to_owned();
    };
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(DEFAULT_PORT);
    format!("{host}:{port}")
}

const DEFAULT_PORT: u16 = 5432;

/// A name within SQL. PostgreSQL has no parameters for names.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text within SQL, for the statements that take no parameters. Right with `standard_conforming_strings`, the default.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Whether a query answers. Where the server asks for TLS, which these tools do not speak, whether it can be reached.
pub(crate) fn check(url: &str, longest: Duration) -> Result<(), String> {
    let config: Config = url
        .parse()
        .map_err(|error| format!("not a connection URL: {error}"))?;
    if config.get_ssl_mode() == SslMode::Require {
        return check_port(&address(url), longest);
    }
    execute(url, longest, &["SELECT 1".to_owned()])
}

fn check_port(address: &str, longest: Duration) -> Result<(), String> {
    let mut resolved = address
        .to_socket_addrs()
        .map_err(|error| error.to_string())?;
    let first = resolved.next().ok_or("the name has no address")?;
    TcpStream::connect_timeout(&first, longest).map_err(|error| error.to_string())?;
    Ok(())
}

/// Executes statements one after the other, each in a transaction of its own.
pub(crate) fn execute(url: &str, longest: Duration, statements: &[String]) -> Result<(), String> {
    blocking::run(longest, || async {
        let client = connect(url).await?;
        for statement in statements {
            client.batch_execute(statement).await.map_err(describe)?;
        }
        Ok(())
    })
}

/// Whether a query that yields one boolean yields true.
pub(crate) fn holds(
    url: &str,
    longest: Duration,
    query: &str,
    parameter: &str,
) -> Result<bool, String> {
    blocking::run(longest, || async {
        let client = connect(url).await?;
        let row = client
            .query_one(query, &[&parameter])
            .await
            .map_err(describe)?;
        row.try_get(0).map_err(describe)
    })
}

async fn connect(url: &str) -> Result<Client, String> {
    let mut config: Config = url.parse().map_err(describe)?;
    config.application_name("local-stack");
    let (client, connection) = config.connect(NoTls).await.map_err(describe)?;
    // It ends with the client, or with the runtime.
    tokio::spawn(connection);
    Ok(client)
}

/// The whole chain: the driver's own message is only "db error".
fn describe(error: tokio_postgres::Error) -> String {
    if let Some(refusal) = error.as_db_error() {
        return format!("{} ({})", refusal.message(), refusal.code().code());
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced_and_nothing_else() {
        for (given, expected) in [
            ("postgresql://u:p@h:5/old", "postgresql://u:p@h:5/new"),
            ("postgres://u:p@h:5", "postgres://u:p@h:5/new"),
            (
                "postgres://h/old?sslmode=disable",
                "postgres://h/new?sslmode=disable",
            ),
            ("postgres://u:p%2Fq@h/old", "postgres://u:p%2Fq@h/new"),
            (
                "host=h user=u dbname=old",
                "host=h user=u dbname=old dbname='new'",
            ),
        ] {
            assert_eq!(with_database(given, "new"), expected);
            let parsed: Config = with_database(given, "new").parse().unwrap();
            assert_eq!(parsed.get_dbname(), Some("new"), "{given}");
        }
    }

    #[test]
    fn the_server_of_a_url_is_replaced_and_nothing_else() {
        for (given, expected) in [
            ("postgresql://u:p@h:5/d", "postgresql://u:p@127.0.0.1:9/d"),
            ("postgres://u@h", "postgres://u@127.0.0.1:9"),
            (
                "postgres://h:5/d?sslmode=disable",
                "postgres://127.0.0.1:9/d?sslmode=disable",
            ),
            (
                "postgres://u:p@h?connect_timeout=3",
                "postgres://u:p@127.0.0.1:9?connect_timeout=3",
            ),
        ] {
            assert_eq!(with_server(given, "127.0.0.1:9").as_deref(), Some(expected));
        }
        assert_eq!(with_server("host=h", "127.0.0.1:9"), None);
    }

    #[test]
    fn addresses_hold_no_secrets() {
        assert_eq!(
            address("postgresql://u:hidden@db.example:6543/d"),
            "db.example:6543"
        );
        assert_eq!(address("host=db user=u password=hidden"), "db:5432");
        assert_eq!(address("not a url"), "an address that cannot be read");
    }

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier(r#"a"b"#), r#""a""b""#);
        assert_eq!(literal("a'b"), "'a''b'");
    }

    #[test]
    fn nobody_listening_is_told_as_such() {
        let port = crate::ports::free_port().unwrap();
        let reason = check(&url("u", "p", port, "d"), Duration::from_secs(5)).unwrap_err();
        assert!(reason.contains("refused"), "{reason}");
    }
}

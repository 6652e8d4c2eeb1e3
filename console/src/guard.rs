//! Who may write: a bearer token, or, without one, this machine alone; never a page of somebody else.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::http::{HeaderMap, StatusCode, Uri, header};
use ring::digest::{SHA256, digest};
use service_kit::Secret;

use crate::problem::Problem;

/// How writing is guarded.
pub struct Guard {
    token_digest: Option<[u8; 32]>,
    is_loopback: bool,
    allowed_origins: Vec<String>,
    bucket: Mutex<Bucket>,
}

/// Requests that may come at once, and how many more a second.
const BURST: f64 = 200.0;
const PER_SECOND: f64 = 5.0;

struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

impl Guard {
    /// A guard for a console that listens at `address`. Origins are such as `https://assay.example`.
    pub fn new(token: Option<&Secret>, address: SocketAddr, allowed_origins: Vec<String>) -> Guard {
        Guard {
            token_digest: token.map(|token| sha256(token.expose().as_bytes())),
            is_loopback: address.ip().is_loopback(),
            allowed_origins,
            bucket: Mutex::new(Bucket {
                tokens: BURST,
                filled_at: Instant::now(),
            }),
        }
    }

    /// Whether writing needs a token.
    pub fn needs_token(&self) -> bool {
        self.token_digest.is_some()
    }

    /// Why nobody may write, where that is so.
    pub fn is_off(&self) -> Option<&'static str> {
        (self.token_digest.is_none() && !self.is_loopback).then_some(
            "writing is off: this console is reachable from other machines and has no token; set ASSAY_API_TOKEN or \
             ASSAY_API_TOKEN_FILE where it is started",
        )
    }

    /// Lets a writing request pass, or says why not.
    ///
    /// # Errors
    /// 429, 403 or 401, in this order.
    pub fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        self.take_from_bucket()?;
        if let Some(why) = self.is_off() {
            return Err(Problem::new(StatusCode::FORBIDDEN, why));
        }
        self.check_origin(headers)?;
        match &self.token_digest {
            Some(expected) => check_token(headers, expected),
            None => check_host(headers),
        }
    }

    fn take_from_bucket(&self) -> Result<(), Problem> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let filled = now.duration_since(bucket.filled_at).as_secs_f64() * PER_SECOND;
        bucket.tokens = (bucket.tokens + filled).min(BURST);
        bucket.filled_at = now;
        if bucket.tokens < 1.0 {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too many writing requests: wait a second before the next one",
            )
            .retry_after(1));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }

    /// A browser says which page a request comes from; programs say nothing.
    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let refused = || {
            Problem::new(
                StatusCode::FORBIDDEN,
                "this request comes from a page of another origin: use the console's own page, or start the console with \
                 --allowed-origin",
            )
        };
        let Some(origin) = headers.get(header::ORIGIN) else {
            return match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
                Some(b"cross-site" | b"same-site") => Err(refused()),
                _ => Ok(()),
            };
        };
        let origin = origin.to_str().map_err(|_| refused())?;
        if self.allowed_origins.iter().any(|allowed| allowed == origin) {
            return Ok(());
        }
        let asked_host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let own = asked_host.is_some_and(|host| {
            [format!("http://{host}"), format!("https://{host}")]
                .iter()
                .any(|own| own.eq_ignore_ascii_case(origin))
        });
        if own { Ok(()) } else { Err(refused()) }
    }
}

fn check_token(headers: &HeaderMap, expected: &[u8; 32]) -> Result<(), Problem> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().split_at_checked(7))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
        .map(|(_, token)| token);
    let Some(given) = given else {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "writing needs a token: send it as `Authorization: Bearer …`",
        ));
    };
    // Of digests, so that neither the length nor the place of the first difference shows in the time that this takes.
    let difference = sha256(given)
        .iter()
        .zip(expected)
        .fold(0, |difference, (given, expected)| {
            difference | (given ^ expected)
        });
    if std::hint::black_box(difference) == 0 {
        Ok(())
    } else {
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "this is not the console's token: it is what ASSAY_API_TOKEN was when the console was started",
        ))
    }
}

/// Without a token a foreign name that leads to this machine must not do either: a page can have its own name point here.
fn check_host(headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(|host| format!("http://{host}/").parse::<Uri>().ok());
    let is_this_machine = host.as_ref().and_then(Uri::host).is_some_and(|name| {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    });
    if is_this_machine {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "without a token only localhost may write: ask at http://localhost, or set ASSAY_API_TOKEN",
    ))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut fixed = [0; 32];
    fixed.copy_from_slice(digest(&SHA256, bytes).as_ref());
    fixed
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    fn verdict(guard: &Guard, pairs: &[(&'static str, &str)]) -> u16 {
        guard
            .admit(&headers(pairs))
            .map_or_else(|problem| problem.status().as_u16(), |()| 202)
    }

    #[test]
    fn a_token_is_asked_for_and_compared() {
        let token = Secret::new("sesame");
        let everywhere = "0.0.0.0:8080".parse().unwrap();
        let guard = Guard::new(
            Some(&token),
            everywhere,
            vec!["https://shop.example".into()],
        );
        assert_eq!(verdict(&guard, &[]), 401);
        for wrong in [
            "Bearer",
            "Bearer ",
            "Bearer sesam",
            "Bearer sesame ",
            "Basic sesame",
            "sesame",
        ] {
            assert_eq!(verdict(&guard, &[("authorization", wrong)]), 401, "{wrong}");
        }
        let right = ("authorization", "bearer sesame");
        assert_eq!(verdict(&guard, &[right]), 202);
        let host = ("host", "assay.example");
        assert_eq!(
            verdict(&guard, &[right, host, ("origin", "https://assay.example")]),
            202
        );
        assert_eq!(
            verdict(&guard, &[right, host, ("origin", "https://shop.example")]),
            202
        );
        for foreign in [
            "https://evil.example",
            "null",
            "https://assay.example.evil.example",
        ] {
            assert_eq!(
                verdict(&guard, &[right, host, ("origin", foreign)]),
                403,
                "{foreign}"
            );
        }
        assert_eq!(
            verdict(&guard, &[right, ("sec-fetch-site", "cross-site")]),
            403
        );
    }

    #[test]
    fn without_a_token_only_this_machine_writes() {
        let open = Guard::new(None, "0.0.0.0:8080".parse().unwrap(), Vec::new());
        assert_eq!(verdict(&open, &[("host", "localhost:8080")]), 403);
        let local = Guard::new(None, "127.0.0.1:8080".parse().unwrap(), Vec::new());
        for host in ["localhost:8080", "127.0.0.1", "[::1]:8080"] {
            assert_eq!(verdict(&local, &[("host", host)]), 202, "{host}");
        }
        for host in ["evil.example:8080", "10.0.0.1", "localhost.evil.example"] {
            assert_eq!(verdict(&local, &[("host", host)]), 403, "{host}");
        }
        assert_eq!(verdict(&local, &[]), 403);
    }

    #[test]
    fn a_flood_is_turned_away() {
        let local = Guard::new(None, "127.0.0.1:8080".parse().unwrap(), Vec::new());
        let verdicts: Vec<u16> = (0..400)
            .map(|_| verdict(&local, &[("host", "localhost")]))
            .collect();
        assert!(verdicts[..100].iter().all(|status| *status == 202));
        assert!(verdicts[300..].iter().all(|status| *status == 429));
    }
}

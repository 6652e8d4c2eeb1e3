//! Free TCP ports on 127.0.0.1.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

use crate::error::StackError;
use crate::secret;

/// Below this the system's own services live.
const LOWEST: u16 = 10_240;
const ATTEMPTS: usize = 200;

/// A port that nobody listens on right now. The server that is to use it may still lose the race for it, and then has
/// to be given another.
///
/// Preferably one below the range that the kernel hands out for outgoing connections: while a server is down, a client
/// that keeps knocking on a port of that range will one day be given the very same port as its own, connect to itself,
/// and keep the server from coming back.
pub(crate) fn free_port() -> Result<u16, StackError> {
    if let Some(highest) = first_outgoing_port().and_then(|port| port.checked_sub(1)) {
        for _ in 0..ATTEMPTS {
            let candidate = random_between(LOWEST, highest)?;
            if candidate.is_some_and(is_free) {
                return Ok(candidate.unwrap_or_default());
            }
        }
    }
    any_free_port().map_err(|source| StackError::Io {
        action: "find a free port on 127.0.0.1".to_owned(),
        source,
    })
}

/// Whether a server could listen there now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn any_free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn first_outgoing_port() -> Option<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    range.split_whitespace().next()?.parse().ok()
}

/// A random port of a closed range; nothing where the range holds too few to choose from.
fn random_between(lowest: u16, highest: u16) -> Result<Option<u16>, StackError> {
    const ENOUGH: u16 = 1_000;
    let Some(span) = highest.checked_sub(lowest).filter(|span| *span >= ENOUGH) else {
        return Ok(None);
    };
    let digits = secret::random_hex()?;
    let random = digits
        .get(..8)
        .and_then(|head| u32::from_str_radix(head, 16).ok());
    let step = random.unwrap_or_default() % (u32::from(span) + 1);
    Ok(u16::try_from(u32::from(lowest) + step).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_can_be_bound_and_then_is_not_free() {
        let port = free_port().unwrap();
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!is_free(port));
        drop(held);
    }

    #[test]
    fn random_ports_stay_within_their_range() {
        for _ in 0..200 {
            let port = random_between(20_000, 21_000).unwrap().unwrap();
            assert!((20_000..=21_000).contains(&port));
        }
        assert_eq!(random_between(20_000, 20_100).unwrap(), None);
        assert_eq!(random_between(20_000, 10_000).unwrap(), None);
    }
}

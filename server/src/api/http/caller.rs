//! The client of a request: its address, scheme and host. They come from the connection or, behind
//! a trusted proxy, from `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`. These
//! headers are ignored on every other connection: a client that could set them could pass for
//! another.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use poem::{
    Request,
    http::{HeaderMap, header},
};

/// The client that made a request.
#[derive(Debug, PartialEq)]
pub(crate) struct Caller {
    /// The client's IP address; `None` where the connection has none.
    pub(crate) address: Option<IpAddr>,
    /// `http` or `https`, as the client used it.
    pub(crate) scheme: String,
    /// The host that the client named, with its port; `None` where it named none or several.
    pub(crate) host: Option<String>,
}

impl Caller {
    pub(crate) fn of(request: &Request, proxies: &[IpNet]) -> Self {
        let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip().to_canonical());
        let direct = Self {
            address: peer,
            scheme: request.scheme().as_str().to_owned(),
            host: host(request),
        };
        match peer.filter(|peer| is_trusted(*peer, proxies)) {
            Some(peer) => direct.forwarded(peer, request.headers(), proxies),
            None => direct,
        }
    }

    /// The caller as a trusted proxy at `peer` reports it.
    fn forwarded(self, peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> Self {
        let scheme = last(headers, "x-forwarded-proto").map(|scheme| scheme.to_ascii_lowercase());
        let scheme = scheme.filter(|scheme| matches!(scheme.as_str(), "http" | "https"));
        Self {
            address: Some(client(peer, headers, proxies)),
            scheme: scheme.unwrap_or(self.scheme),
            host: last(headers, "x-forwarded-host").or(self.host),
        }
    }
}

fn is_trusted(address: IpAddr, proxies: &[IpNet]) -> bool {
    proxies.iter().any(|network| network.contains(&address))
}

/// The items of a header, the last one first. It stops at a value that is not text.
fn items<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    let texts = values.into_iter().rev().map_while(|value| value.to_str().ok());
    texts.flat_map(|text| text.rsplit(',').map(str::trim))
}

/// The item that the nearest proxy added.
fn last(headers: &HeaderMap, name: &str) -> Option<String> {
    items(headers, name).next().filter(|item| !item.is_empty()).map(str::to_owned)
}

/// The right-most hop that is no trusted proxy. Everything to the left of it may have been written
/// by the client. Where a proxy wrote something other than an address, that proxy is taken as the
/// client.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let mut nearest = peer;
    for hop in items(headers, "x-forwarded-for") {
        let Some(address) = address(hop) else { return nearest };
        nearest = address;
        if !is_trusted(address, proxies) {
            return nearest;
        }
    }
    nearest
}

/// Parses an address; some proxies append the port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok();
    let address = address.or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

fn host(request: &Request) -> Option<String> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.as_str().to_owned());
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?.to_owned();
    hosts.next().is_none().then_some(host)
}

/// A host without its port.
pub(crate) fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_have_a_port() {
        for (host, name) in [
            ("localhost:8000", "localhost"),
            ("localhost", "localhost"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("evil.example:x", "evil.example:x"),
        ] {
            assert_eq!(host_name(host), name);
        }
    }

    #[test]
    fn the_client_is_the_right_most_hop_that_is_no_proxy() {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        for (lines, expected) in [
            (&[][..], "10.0.0.1"),
            (&["203.0.113.9"], "203.0.113.9"),
            (&["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            (&["1.1.1.1, 203.0.113.9, 10.9.9.9"], "203.0.113.9"),
            (&["1.1.1.1", "203.0.113.9", "10.9.9.9"], "203.0.113.9"),
            (&["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
            (&["203.0.113.9:4711"], "203.0.113.9"),
            (&["[2001:db8::9]:4711, fd00::1"], "2001:db8::9"),
            (&["[2001:db8::9]"], "2001:db8::9"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            (&["1.1.1.1, unknown, 10.9.9.9"], "10.9.9.9"),
            (&["1.1.1.1, "], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let found = client(peer, &headers, &proxies).to_string();
            assert_eq!(found, expected, "{lines:?}");
        }
    }
}

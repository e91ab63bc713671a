//! Parsing the values of settings. Each parser fails with a sentence that shows a valid form.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use chrono_tz::{TZ_VARIANTS, Tz};
use ipnet::IpNet;
use url::Url;

/// Parses an address and port to listen on. A host name is looked up, and an IPv4 address is
/// preferred.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wrong = || "write address and port, as in 127.0.0.1:8000, [::1]:8000 or localhost:8000";
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    if host.is_empty() || host.contains(':') || port.parse::<u16>().is_err() {
        return Err(wrong().to_owned());
    }
    let mut found = text
        .to_socket_addrs()
        .map_err(|_| format!("the host {host:?} is not known; {}", wrong()))?
        .collect::<Vec<_>>();
    found.sort_by_key(|address| !address.is_ipv4());
    found.first().copied().ok_or_else(|| format!("the host {host:?} has no address"))
}

/// Parses the URL under which clients reach the server: scheme, host and port.
pub(super) fn public_url(text: &str) -> Result<Url, String> {
    bare_url(text).ok_or_else(|| {
        "write http:// or https:// and the host, with a port if needed and without a path, \
         as in https://desk.example"
            .to_owned()
    })
}

/// Parses an origin and converts it to the form that browsers send.
pub(super) fn origin(text: &str) -> Result<String, String> {
    if text.contains('*') {
        return Err("list every origin: * is not a wildcard here".to_owned());
    }
    let url = bare_url(text).ok_or(
        "write http:// or https://, the host and the port, as in https://desk.example:8443",
    )?;
    Ok(url.origin().ascii_serialization())
}

/// A URL with only a scheme, host and port.
fn bare_url(text: &str) -> Option<Url> {
    let url: Url = text.trim().parse().ok()?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "http" | "https") && is_bare && is_anonymous).then_some(url)
}

/// Parses the name of a time zone.
pub(super) fn zone(text: &str) -> Result<Tz, String> {
    let text = text.trim();
    text.parse().map_err(|_| {
        let names = TZ_VARIANTS.iter().map(|zone| zone.name());
        let is_part = |name: &&str| name.rsplit('/').next() == Some(text);
        let near = names.clone().find(is_part).or_else(|| shared::text::nearest(text, names));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        format!("write an IANA name, as in Europe/Madrid or America/New_York{hint}")
    })
}

/// Parses a network (`10.0.0.0/8`) or a single address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = match text.parse::<IpAddr>() {
        Ok(address) => Ok(IpNet::from(address.to_canonical())),
        Err(_) => text.parse::<IpNet>(),
    };
    network
        .map(|network| network.trunc())
        .map_err(|_| "write an address or a network, as in 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_to_listen_on_may_be_a_name() {
        let address_of = |text| address(text).map(|address| address.to_string());
        assert_eq!(address_of("0.0.0.0:8000").unwrap(), "0.0.0.0:8000");
        assert_eq!(address_of("[::1]:8000").unwrap(), "[::1]:8000");
        assert_eq!(address_of("localhost:8000").unwrap(), "127.0.0.1:8000");
        for bad in ["", "8000", ":8000", "localhost", "localhost:", "localhost:99999", "::1:8000x"]
        {
            assert!(address(bad).unwrap_err().contains("127.0.0.1:8000"), "{bad}");
        }
        assert!(address("no-such-host.invalid:1").unwrap_err().contains("is not known"));
    }

    #[test]
    fn a_public_url_is_scheme_host_and_port() {
        assert_eq!(public_url("https://desk.example").unwrap().as_str(), "https://desk.example/");
        assert!(public_url("http://127.0.0.1:8000/").is_ok());
        for bad in ["desk.example", "desk.example:8000", "/", "ftp://desk.example", "https://a/b"] {
            let sentence = public_url(bad).unwrap_err();
            assert!(sentence.contains("https://desk.example"), "{bad}: {sentence}");
        }
    }

    #[test]
    fn an_unknown_time_zone_is_refused_with_the_nearest_one() {
        assert_eq!(zone("Europe/Madrid"), Ok(Tz::Europe__Madrid));
        for (bad, near) in [("Madrid", "Europe/Madrid"), ("Europe/Madird", "Europe/Madrid")] {
            let sentence = zone(bad).unwrap_err();
            assert!(sentence.ends_with(&format!("did you mean {near}?")), "{sentence}");
        }
        assert!(zone("X").unwrap_err().contains("as in Europe/Madrid"));
    }

    #[test]
    fn origins_are_exact_and_never_all() {
        assert_eq!(origin("https://Desk.example").as_deref(), Ok("https://desk.example"));
        assert_eq!(origin(" http://desk.example:80/"), Ok("http://desk.example".to_owned()));
        assert_eq!(origin("http://[::1]:5173").as_deref(), Ok("http://[::1]:5173"));
        for bad in [
            "*",
            "",
            "null",
            "desk.example",
            "https://*",
            "https://*.desk.example",
            "https://desk.example/app",
            "https://desk.example?x",
            "https://u@desk.example",
            "ftp://desk.example",
            "file:///",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        for (text, network_) in [
            ("10.1.2.3", "10.1.2.3/32"),
            (" 10.1.2.3/8", "10.0.0.0/8"),
            ("::1", "::1/128"),
            ("::ffff:10.1.2.3", "10.1.2.3/32"),
            ("fd00::/8", "fd00::/8"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), network_);
        }
        for bad in ["", "proxy", "10.0.0.0/33", "10.0.0", "*"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }
}

//! What a certificate says of itself: its names and its end. rustls tells them in the reasons for
//! which it refuses a certificate, so no other library has to read the file.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use rustls::{
    CertificateError, Error, RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use crate::finding::Finding;

/// How long before its end a certificate is worth a warning. Programs that renew certificates do so
/// earlier.
const SOON: TimeDelta = TimeDelta::days(14);
/// A second at which every certificate has expired.
const END_OF_TIME: Duration = Duration::from_secs(i64::MAX as u64);

/// Looks at a chain of certificates, the server's own first. `host` is the one by which clients are
/// told to reach the server.
pub(crate) fn inspect(
    chain: &[CertificateDer<'_>],
    host: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Finding, String> {
    let leaf = chain.first().ok_or("there is no certificate")?;
    let leaf = ParsedCertificate::try_from(leaf).map_err(unreadable)?;
    for certificate in chain {
        let parsed = ParsedCertificate::try_from(certificate).map_err(unreadable)?;
        let at = UnixTime::since_unix_epoch(Duration::from_secs(
            now.timestamp().try_into().unwrap_or_default(),
        ));
        if let Some(CertificateError::NotValidYetContext { not_before, .. }) = refusal(&parsed, at)
        {
            return Err(format!("is not valid before {}", date(not_before)));
        }
    }
    let ends = chain.iter().filter_map(|certificate| {
        let parsed = ParsedCertificate::try_from(certificate).ok()?;
        match refusal(&parsed, UnixTime::since_unix_epoch(END_OF_TIME))? {
            CertificateError::ExpiredContext { not_after, .. } => Some(not_after),
            _ => None,
        }
    });
    let end = ends.min().ok_or("does not say when it expires")?;
    let left = TimeDelta::seconds(end.as_secs().try_into().unwrap_or(i64::MAX) - now.timestamp());
    if left < TimeDelta::zero() {
        return Err(format!("expired on {}: renew it", date(end)));
    }
    let names = names(&leaf);
    if names.is_empty() {
        return Ok(Finding::warning("names no host, so clients refuse it"));
    }
    let mut says = format!("is for {} and expires on {}", names.join(", "), date(end));
    let is_soon = left < SOON;
    if is_soon {
        says.push_str(&format!(" (days left: {}): renew it", left.num_days()));
    }
    let is_for = |host: &str| {
        let host = host.trim_matches(['[', ']']);
        ServerName::try_from(host).is_ok_and(|name| verify_server_name(&leaf, &name).is_ok())
    };
    Ok(match host {
        Some(host) if !is_for(host) => {
            Finding::warning(format!("{says}; it is not for {host}, the public URL's host"))
        }
        _ if is_soon => Finding::warning(says),
        _ => Finding::good(says),
    })
}

fn unreadable(error: Error) -> String {
    format!("can't be read: {error}")
}

/// Why rustls refuses a certificate at a time. Its lifetime is looked at first.
fn refusal(certificate: &ParsedCertificate<'_>, at: UnixTime) -> Option<CertificateError> {
    let algorithms =
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all;
    let anchors = RootCertStore::empty();
    let verified =
        verify_server_cert_signed_by_trust_anchor(certificate, &anchors, &[], at, algorithms);
    match verified {
        Err(Error::InvalidCertificate(why)) => Some(why),
        _ => None,
    }
}

/// The hosts that a certificate names.
fn names(certificate: &ParsedCertificate<'_>) -> Vec<String> {
    // The names are listed only where another one was expected. No certificate has this address.
    let nobody = ServerName::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    match verify_server_name(certificate, &nobody) {
        Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        })) => presented.iter().filter_map(|name| bare(name)).collect(),
        _ => Vec::new(),
    }
}

/// `DnsName("desk.example")` and `IpAddress(127.0.0.1)` without what is around them.
fn bare(name: &str) -> Option<String> {
    let (_, inner) = name.strip_suffix(')')?.split_once('(')?;
    let inner = inner.trim_matches('"');
    // In the usual spelling of an address: rustls prints `0::1`.
    Some(inner.parse::<IpAddr>().map_or(inner.to_owned(), |address| address.to_string()))
}

fn date(time: UnixTime) -> String {
    let time = time.as_secs().try_into().ok().and_then(|secs| DateTime::from_timestamp(secs, 0));
    time.map(|time| time.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::State;

    fn made(names: &[&str], days: (i64, i64)) -> CertificateDer<'static> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        let time = |days: i64| std::time::UNIX_EPOCH + Duration::from_secs(86_400 * days as u64);
        params.not_before = time(days.0).into();
        params.not_after = time(days.1).into();
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(day * 86_400, 0).unwrap()
    }

    #[test]
    fn a_certificate_reports_its_names_and_its_expiry() {
        let names = ["desk.example", "*.clinic.example", "127.0.0.1", "::1"];
        let made = made(&names, (20_000, 20_100));
        let look = |host, now| inspect(std::slice::from_ref(&made), host, day(now));
        let good = look(Some("desk.example"), 20_050).unwrap();
        assert_eq!(good.state, State::Good);
        for name in ["desk.example", "*.clinic.example", "127.0.0.1", " ::1 ", "2025-01-12"] {
            assert!(good.detail.contains(name), "{good:?}");
        }
        assert!(look(Some("a.clinic.example"), 20_050).unwrap().state == State::Good);
        assert!(look(Some("[::1]"), 20_050).unwrap().state == State::Good);
        let other = look(Some("other.example"), 20_050).unwrap();
        assert!(other.state == State::Warning && other.detail.contains("not for other.example"));
        let soon = look(None, 20_090).unwrap();
        assert!(soon.state == State::Warning && soon.detail.contains("days left: 10"), "{soon:?}");
        assert!(look(None, 20_101).unwrap_err().contains("expired on 2025-01-12"));
        assert!(look(None, 19_999).unwrap_err().contains("not valid before 2024-10-04"));
    }

    #[test]
    fn the_first_of_a_chain_to_expire_counts() {
        let chain = [made(&["a.example"], (1, 300)), made(&["b.example"], (1, 200))];
        assert!(inspect(&chain, None, day(100)).unwrap().state == State::Good);
        assert!(inspect(&chain, None, day(201)).unwrap_err().contains("expired on 1970-07-20"));
    }

    #[test]
    fn a_certificate_without_a_name_is_a_warning() {
        let nameless = made(&[], (1, 300));
        let found = inspect(&[nameless], None, day(100)).unwrap();
        assert_eq!(found.state, State::Warning, "{found:?}");
    }
}

//! Addresses of servers: as somebody types them, and as they are shown.

use url::Url;

use crate::client::is_loopback;

/// How a server is shown: its address, and that it can be overheard where it can.
pub(super) fn label(url: &Url) -> String {
    let address = plain(url);
    if url.scheme() == "http" && !is_loopback(url) {
        return format!("{address} (not encrypted)");
    }
    address
}

/// An address as people write it.
pub(super) fn plain(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// A server's address as somebody types it: without a scheme it is `https`, on this machine `http`.
///
/// Fails with one plain sentence.
pub(crate) fn address(text: &str) -> Result<Url, String> {
    let text = text.trim();
    let wrong = || format!("{text:?} is not an address like https://clinic.example:8000");
    let url = if text.contains("://") {
        Url::parse(text).map_err(|_| wrong())?
    } else {
        let local = Url::parse(&format!("http://{text}")).map_err(|_| wrong())?;
        if is_loopback(&local) {
            local
        } else {
            Url::parse(&format!("https://{text}")).map_err(|_| wrong())?
        }
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a server's address must not hold a name or a password".to_owned());
    }
    let mut url = url;
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_its_scheme() {
        let read = |text: &str| address(text).map(|url| url.to_string());
        assert_eq!(read("clinic.example"), Ok("https://clinic.example/".to_owned()));
        assert_eq!(read(" localhost:8000 "), Ok("http://localhost:8000/".to_owned()));
        assert_eq!(read("127.0.0.1:8000/desk?x#y"), Ok("http://127.0.0.1:8000/desk".to_owned()));
        assert_eq!(read("http://clinic:80/"), Ok("http://clinic/".to_owned()));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "ftp://clinic", "https://", "a b", "https://ana:secret@clinic"] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_connection_that_can_be_overheard_says_so() {
        assert!(label(&address("http://clinic.example").unwrap()).contains("not encrypted"));
        assert_eq!(label(&address("https://clinic.example").unwrap()), "https://clinic.example");
        assert_eq!(label(&address("localhost:8000").unwrap()), "http://localhost:8000");
    }
}

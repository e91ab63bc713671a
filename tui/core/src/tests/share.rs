//! What another machine has to type to use this desk.

use super::{driver::Driver, fixtures::people, looks::looks};
use crate::{
    effect::Effect,
    msg::Msg,
    share::{Certificate, Server, Share},
};

const FINGERPRINT: &str = "4B:1F:0E:5C:9A:D2:33:87:6E:F0:21:BC:48:97:5D:A3:\
                           C6:0B:7E:12:F4:89:DA:35:61:AE:90:2C:57:E8:1B:D4";

fn share(server: Server, address: &str) -> Share {
    let machine = "frontdesk-pc".to_owned();
    Share { server, address: address.to_owned(), certificate: None, machine }
}

fn local() -> Share {
    let server = Server::Local { database_url: None, is_registration_open: false };
    share(server, "http://127.0.0.1:8000")
}

fn trusted(file: Option<&str>) -> Share {
    let fingerprint = FINGERPRINT.to_owned();
    let certificate = Some(Certificate { fingerprint, file: file.map(str::to_owned) });
    Share { certificate, ..share(Server::Open, "https://desk.example:8443") }
}

fn shown(share: Share, width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, height);
    driver.keys("<ctrl-p>share this<enter>");
    assert!(driver.last.iter().any(|effect| matches!(effect, Effect::Share)));
    driver.send(Msg::Share(Box::new(share)));
    driver
}

fn copied(driver: &Driver) -> Option<&str> {
    driver.last.iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.as_str()),
        _ => None,
    })
}

looks! {
    share_local_desk: shown(local(), 80, 24);
    share_local_desk_narrow: {
        let mut driver = shown(local(), 40, 12);
        driver.keys("<down>");
        driver
    };
    share_server: shown(trusted(None), 80, 24);
    share_server_of_a_clinic: shown(trusted(Some("/etc/clinic/ca.pem")), 80, 24);
    share_server_narrow: shown(trusted(None), 40, 12);
    share_sample: shown(share(Server::Sample, "http://127.0.0.1:8000"), 80, 24);
}

#[test]
fn a_server_that_others_reach_is_named_as_it_is_typed_there() {
    let mut driver = shown(trusted(None), 80, 24);
    driver.shows("SHA-256 fingerprint of the server's certificate");
    driver.keys("<enter>");
    assert_eq!(copied(&driver), Some("frontdesk --server https://desk.example:8443"));
    assert!(driver.app.layers().is_empty());
    let mut driver = shown(trusted(Some("/etc/clinic/ca.pem")), 80, 24);
    driver.keys("<enter>");
    let command = "frontdesk --server https://desk.example:8443 --ca-cert cert.pem";
    assert_eq!(copied(&driver), Some(command));
    let mut driver = shown(trusted(None), 80, 24);
    driver.keys("<down><enter>");
    assert_eq!(copied(&driver), Some(FINGERPRINT));
}

#[test]
fn a_connection_that_can_be_read_says_so() {
    let driver = shown(share(Server::Open, "http://desk.example"), 80, 24);
    driver.shows("encrypted: the network can read");
    let driver = shown(trusted(None), 80, 24);
    driver.hides("encrypted");
}

#[test]
fn a_desk_that_only_its_machine_reaches_says_what_to_start() {
    let driver = shown(local(), 80, 24);
    driver.hides("frontdesk --server http://127.0.0.1");
    let server = Server::Local {
        database_url: Some("sqlite:/srv/Ana's desk/frontdesk.sqlite".to_owned()),
        is_registration_open: true,
    };
    let mut driver = shown(share(server, "http://127.0.0.1:8000"), 80, 24);
    driver.keys("<down><enter>");
    let command = "frontdesk-server --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem \
                   --allowed-hosts frontdesk-pc --database-url \
                   'sqlite:/srv/Ana'\\''s desk/frontdesk.sqlite'";
    assert_eq!(copied(&driver), Some(command));
    let mut driver = shown(local(), 80, 24);
    driver.keys("<down><enter>");
    assert!(
        copied(&driver).unwrap().ends_with("--allowed-hosts frontdesk-pc --registration closed")
    );
    let mut driver = shown(share(Server::Closed, "http://localhost:8000"), 80, 24);
    driver.keys("<end><enter>");
    let command = "frontdesk --server https://frontdesk-pc:8443 --ca-cert cert.pem";
    assert_eq!(copied(&driver), Some(command));
}

#[test]
fn whoever_has_gone_on_is_not_interrupted() {
    let mut driver = Driver::with(people(), 5, 80, 24);
    driver.keys("<ctrl-p>share this<enter><ctrl-o>");
    driver.send(Msg::Share(Box::new(local())));
    driver.hides("Share this desk");
    let mut driver = Driver::at_login(80, 24);
    driver.keys("<ctrl-p>share this<enter>");
    assert!(!driver.last.iter().any(|effect| matches!(effect, Effect::Share)));
    driver.send(Msg::Share(Box::new(local())));
    driver.hides("Share this desk");
}

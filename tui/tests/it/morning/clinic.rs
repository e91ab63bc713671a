//! The clinic: a server with accounts, doctors and patients of the days before, and what is asked of
//! it over the API.

use serde_json::{Value, json};

use super::{
    clerk::Clerk,
    people::{Person, invent},
};
use crate::{server::Server, users::ask};

/// Who set the clinic up.
const ADMIN: &str = "root@example.com";
const PASSWORD: &str = "three quiet green lamps";

/// How many people are registered before the morning begins.
const KNOWN: usize = 29;

/// A doctor of the directory.
pub(super) struct Doctor {
    pub(super) name: &'static str,
    pub(super) specialization: &'static str,
}

/// The one whose patients are transferred at noon.
pub(super) const LEAVING: Doctor = Doctor { name: "Lena Brandt", specialization: "Cardiology" };
/// The one who takes them over.
pub(super) const STAYING: Doctor = Doctor { name: "Omar Haddad", specialization: "Cardiology" };
/// One who has few patients.
pub(super) const OTHER: Doctor = Doctor { name: "Vera Novak", specialization: "Pediatrics" };

/// The server, and who is known there.
pub(super) struct Clinic {
    pub(super) server: Server,
    admin: String,
    /// Who is registered. The last two have one name.
    pub(super) people: Vec<Person>,
    /// The codes of those who are assigned to [`LEAVING`].
    pub(super) in_care: Vec<String>,
    /// The last entry of the audit log before the morning.
    pub(super) eve: i64,
}

impl Clinic {
    /// A clinic on the evening before.
    pub(super) fn founded() -> Self {
        let server = Server::start();
        server.create_user(ADMIN, "Root", "admin", PASSWORD);
        let login = json!({"email": ADMIN, "password": PASSWORD});
        let session = ask(&server.url(), "POST", "/api/auth/login", "", Some(login));
        let admin = session["access"].as_str().unwrap().to_owned();
        let mut clinic = Self { server, admin, people: Vec::new(), in_care: Vec::new(), eve: 0 };
        clinic.fill();
        clinic.eve = clinic.get("/api/audit")["results"][0]["id"].as_i64().unwrap();
        clinic
    }

    fn fill(&mut self) {
        let ids: Vec<Value> = [LEAVING, STAYING, OTHER].iter().map(|doctor| {
            let (first, last) = doctor.name.split_once(' ').unwrap();
            let specialization = doctor.specialization;
            let new = json!({"first_name": first, "last_name": last, "specialization": specialization});
            self.post("/api/doctors", new)["id"].clone()
        }).collect();
        let mut people = invent(KNOWN);
        let names = [("José", "Gómez", "1989-05-25"), ("José", "Gómez", "1950-01-31")];
        for (person, (first, last, born)) in people.iter_mut().rev().zip(names) {
            (person.first, person.last) = (first.to_owned(), last.to_owned());
            born.clone_into(&mut person.born);
        }
        for (at, mut person) in people.into_iter().enumerate() {
            let new = json!({
                "first_name": person.first,
                "last_name": person.last,
                "date_of_birth": person.born,
                "phone_number": person.phone,
            });
            let made = self.post("/api/patients", new);
            made["mrn"].as_str().unwrap().clone_into(&mut person.mrn);
            // Every second one is in somebody's care.
            if at % 2 == 0 {
                let doctor = &ids[at / 2 % 2];
                self.post("/api/assignments", json!({"patient": made["id"], "doctor": doctor}));
                self.in_care.extend((*doctor == ids[0]).then(|| person.mrn.clone()));
            }
            self.people.push(person);
        }
    }

    /// Somebody with an account at the front desk sits down at a desk of this size.
    #[track_caller]
    pub(super) fn sits_down(&self, name: &'static str, size: (u16, u16)) -> Clerk {
        let email = format!("{}@example.com", name.replace(' ', ".").to_lowercase());
        self.server.create_user(&email, name, "staff", PASSWORD);
        Clerk::sits_down(&self.server.url(), (name, &email, PASSWORD), size)
    }

    fn post(&self, path: &str, body: Value) -> Value {
        ask(&self.server.url(), "POST", path, &self.admin, Some(body))
    }

    /// What stands at a path.
    pub(super) fn get(&self, path: &str) -> Value {
        ask(&self.server.url(), "GET", path, &self.admin, None)
    }

    /// All rows of a list. The cursor leads on: each reading of the log adds to it, so that the numbers of
    /// its pages shift.
    pub(super) fn all(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut next = Some(format!("{path}{sign}page_size=100"));
        while let Some(path) = next {
            let answer = self.get(&path);
            rows.extend(answer["results"].as_array().unwrap().clone());
            let url = answer["next"].as_str();
            next = url.and_then(|url| url.find("/api/").map(|at| url[at..].to_owned()));
        }
        rows
    }
}

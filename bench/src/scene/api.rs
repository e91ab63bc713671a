//! Questions to the server, as an administrator asks them.

use reqwest::Client;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::Outcome;

/// A session of an administrator.
pub(super) struct Api {
    runtime: Runtime,
    client: Client,
    url: String,
    token: String,
}

impl Api {
    /// Logs in.
    pub(super) fn log_in(url: &str, email: &str, password: &str) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let client = Client::builder().no_proxy().build()?;
        let mut api = Self { runtime, client, url: url.to_owned(), token: String::new() };
        let login = api.client.post(format!("{url}/api/auth/login"));
        let login = login.json(&json!({"email": email, "password": password}));
        let session: Value =
            api.runtime.block_on(async { login.send().await?.error_for_status()?.json().await })?;
        let token = session.get("access").and_then(Value::as_str);
        token.ok_or("the login has no token")?.clone_into(&mut api.token);
        Ok(api)
    }

    /// What stands at a path.
    pub(super) fn get(&self, path: &str) -> Outcome<Value> {
        let get = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let answer =
            self.runtime.block_on(async { get.send().await?.error_for_status()?.json().await });
        Ok(answer?)
    }

    /// All rows of a list.
    pub(super) fn rows(&self, path: &str) -> Outcome<Vec<Value>> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut rows = Vec::new();
        let mut next = Some(format!("{path}{sign}page_size=100"));
        while let Some(path) = next {
            let page = self.get(&path)?;
            let results = page.get("results").and_then(Value::as_array);
            rows.extend(results.ok_or("an answer is no page of a list")?.iter().cloned());
            let url = page.get("next").and_then(Value::as_str);
            let path = url.and_then(|url| url.get(url.find("/api/")?..));
            next = path.map(ToOwned::to_owned);
        }
        Ok(rows)
    }
}

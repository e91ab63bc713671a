//! The served paths with their methods, read from the API description and the table of earlier
//! paths. The header `Allow` is made from them.

use serde_json::Value;

use super::wire::compatibility::earlier_paths;

/// All served paths with their methods.
pub(crate) struct Routes(Vec<Described>);

struct Described {
    path: String,
    /// The segments of the path; `None` stands for a parameter.
    segments: Vec<Option<String>>,
    allow: String,
}

impl Described {
    fn new(path: &str, mut methods: Vec<String>) -> Self {
        if methods.iter().any(|method| method == "GET") {
            methods.push("HEAD".to_owned());
        }
        methods.sort_unstable();
        let segment = |text: &str| (!text.starts_with('{')).then(|| text.to_owned());
        Self {
            path: path.to_owned(),
            segments: path.trim_matches('/').split('/').map(segment).collect(),
            allow: methods.join(", "),
        }
    }
}

impl Routes {
    /// Reads the paths of an API description. Fails where it has none.
    pub(super) fn of(document: &Value) -> Result<Self, String> {
        let paths = document.get("paths").and_then(Value::as_object);
        let paths = paths.ok_or("the API description has no paths")?;
        let described = paths.iter().map(|(path, operations)| {
            let operations = operations.as_object().into_iter().flatten();
            let methods = operations.map(|(method, _)| method.to_ascii_uppercase());
            Described::new(path, methods.collect())
        });
        // Earlier paths come first, because they are looked up before routing.
        let earlier = earlier_paths().into_iter().map(|(path, methods)| {
            Described::new(path, methods.into_iter().map(str::to_owned).collect())
        });
        Ok(Self(earlier.chain(described).collect()))
    }

    /// The methods of a path, as `Allow` lists them. Pages that the description does not contain
    /// are read-only.
    pub(super) fn allow(&self, path: &str) -> &str {
        self.find(path).map_or("GET, HEAD", |route| &route.allow)
    }

    /// The described path that matches `path`, as a label for metrics; `other` where none does.
    pub(super) fn template(&self, path: &str) -> &str {
        self.find(path).map_or("other", |route| &route.path)
    }

    fn find(&self, path: &str) -> Option<&Described> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let matches = |route: &&Described| {
            route.segments.len() == segments.len()
                && route.segments.iter().zip(&segments).all(|(described, segment)| {
                    described.as_deref().is_none_or(|described| described == *segment)
                })
        };
        // A literal segment wins over a parameter.
        let parameters =
            |route: &&Described| route.segments.iter().filter(|segment| segment.is_none()).count();
        self.0.iter().filter(matches).min_by_key(parameters)
    }
}

//! The served paths with their methods, from the operations and the table of earlier paths. The
//! header `Allow` is made from them.

use std::collections::BTreeMap;

use poem::http::Method;

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
    /// The paths of these operations, and the earlier ones.
    pub(super) fn of(operations: &[(String, Method)]) -> Self {
        let mut paths: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (path, method) in operations {
            paths.entry(path).or_default().push(method.to_string());
        }
        let described = paths.into_iter().map(|(path, methods)| Described::new(path, methods));
        // Earlier paths come first, because they are looked up before routing.
        let earlier = earlier_paths().into_iter().map(|(path, methods)| {
            Described::new(path, methods.into_iter().map(str::to_owned).collect())
        });
        Self(earlier.chain(described).collect())
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

//! Path, query and precondition parameters.

use std::str::FromStr;

use poem::{Request, RequestBody, Result, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use shared::{
    FieldError, FieldErrors,
    query::{Query, query},
};

use super::problem::raise;
use crate::{domain::precondition::Precondition, error::Error};

/// The id in a path.
pub(crate) struct Path<T>(pub(crate) T);

impl<'a, T: FromStr<Err = FieldError> + Type> ApiExtractor<'a> for Path<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Path)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(T::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let text = request.raw_path_param(options.name).unwrap_or_default();
        text.parse().map(Self).map_err(|error| raise(Error::invalid("id", error)))
    }
}

/// The query of an operation. The error for unknown, repeated and bad parameters names all of
/// them.
pub(crate) struct QueryParams<Q>(pub(crate) Q);

impl<'a, Q: Query + Type> ApiExtractor<'a> for QueryParams<Q> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Q::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(Q::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let text = request.uri().query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        let pairs = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        query(pairs).map(Self).map_err(|errors| raise(errors.into()))
    }
}

/// The schema of an extractor that reads one header: an object with the header as its member.
/// `openapi` turns it into a parameter, as it does for a query.
pub(crate) fn header_schema(name: &'static str, header: MetaSchema) -> Option<MetaSchemaRef> {
    let header = MetaSchemaRef::Inline(Box::new(header));
    let schema = MetaSchema { properties: vec![(name, header)], ..MetaSchema::new("object") };
    Some(MetaSchemaRef::Inline(Box::new(schema)))
}

/// The maximum number of characters in the entity tags of a request.
pub(crate) const TAGS_MAX: usize = 1_000;

/// The header with the version that a write expects.
pub(crate) const IF_MATCH: &str = "If-Match";

/// The version that a write expects, from `If-Match`.
pub(crate) struct IfMatch(pub(crate) Precondition);

impl<'a> ApiExtractor<'a> for IfMatch {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let description = "The version that the client has read: its entity tag (`\"7-4fa2\"`, or without the \
            hash `\"7\"`), or `*`. Required if another user made the last change.";
        let tags = MetaSchema {
            description: Some(description),
            max_length: Some(TAGS_MAX),
            ..MetaSchema::new("string")
        };
        header_schema(IF_MATCH, tags)
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let values: Vec<_> = request.headers().get_all(header::IF_MATCH).iter().collect();
        if values.is_empty() {
            return Ok(Self(Precondition::None));
        }
        if values.iter().map(|value| value.len()).sum::<usize>() > TAGS_MAX {
            return Err(raise(too_many_tags(IF_MATCH)));
        }
        let mut versions = Vec::new();
        for value in values {
            for tag in value.to_str().unwrap_or("?").split(',').map(str::trim) {
                if tag == "*" {
                    return Ok(Self(Precondition::Any));
                }
                versions.push(version(tag).ok_or_else(|| raise(not_a_tag()))?);
            }
        }
        Ok(Self(Precondition::Versions(versions)))
    }
}

/// The version in an entity tag, strong or weak: `"7"` or `"7-4fa2"`.
fn version(tag: &str) -> Option<i64> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let tag = tag.strip_prefix('"')?.strip_suffix('"')?;
    let version = tag.split_once('-').map_or(tag, |(version, _)| version);
    version.parse().ok().filter(|version| *version > 0)
}

/// The error for a header with too many tags.
pub(crate) fn too_many_tags(header: &str) -> Error {
    let error = FieldError::too_long(TAGS_MAX);
    Error::Invalid(FieldErrors::one(header, error))
}

fn not_a_tag() -> Error {
    let message = "must be * or an entity tag from an earlier answer, such as \"7\"";
    Error::Invalid(FieldErrors::one(IF_MATCH, FieldError::new("invalid_tag", message)))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_tag_names_a_version_with_or_without_its_hash() {
        for (tag, expected) in [
            ("\"7\"", Some(7)),
            ("\"7-abc\"", Some(7)),
            ("W/\"7\"", Some(7)),
            ("7", None),
            ("\"\"", None),
            ("\"x\"", None),
            ("\"0\"", None),
            ("\"-7\"", None),
        ] {
            assert_eq!(version(tag), expected, "{tag}");
        }
    }
}

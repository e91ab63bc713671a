//! What the types look like on the wire, as OpenAPI 3.0 schemas.
//!
//! poem-openapi's derives can't say that a member may be `null`, take a limit from a constant, or
//! give a date its format, and the client would have to compile them. So the types describe
//! themselves, and the server puts the result into its document.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use crate::{PartialDate, Patch};

/// A type that can be described.
pub trait Describe {
    /// Its schema; objects are entered into `schemas` and referred to.
    fn shape(schemas: &mut Schemas) -> Shape;
}

/// One schema while it is put together.
#[derive(Clone, Debug)]
pub struct Shape {
    schema: Map<String, Value>,
    is_optional: bool,
    is_never_null: bool,
}

impl Shape {
    fn of(ty: &str) -> Self {
        Self { schema: Map::new(), is_optional: false, is_never_null: false }.with("type", ty)
    }

    /// Text.
    pub fn string() -> Self {
        Self::of("string")
    }

    /// A whole number of 64 bits.
    pub fn integer() -> Self {
        Self::of("integer").with("format", "int64")
    }

    /// `true` or `false`.
    pub fn boolean() -> Self {
        Self::of("boolean")
    }

    /// A list.
    pub fn array(items: Self) -> Self {
        Self::of("array").with("items", items.into_value())
    }

    /// An object with any members, all of one shape.
    pub fn map(values: Self) -> Self {
        Self::of("object").with("additionalProperties", values.into_value())
    }

    /// Anything.
    pub fn any() -> Self {
        Self { schema: Map::new(), is_optional: false, is_never_null: false }
    }

    /// The schema with this name.
    pub fn reference(name: &str) -> Self {
        Self::any().with("$ref", format!("#/components/schemas/{name}"))
    }

    /// One of a closed list of texts.
    pub fn one_of(choices: &[&str]) -> Self {
        Self::string().with("enum", json!(choices))
    }

    /// Adds any key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.schema.insert(key.to_owned(), value.into());
        self
    }

    /// Limits the characters of a text; in a list, those of each item.
    #[must_use]
    pub fn max_length(self, max: usize) -> Self {
        self.with("maxLength", max)
    }

    /// Asks for at least so many characters.
    #[must_use]
    pub fn min_length(self, min: usize) -> Self {
        self.with("minLength", min)
    }

    /// Limits a list.
    #[must_use]
    pub fn max_items(self, max: i64) -> Self {
        self.with("maxItems", max)
    }

    /// Asks for at least so many items.
    #[must_use]
    pub fn min_items(self, min: i64) -> Self {
        self.with("minItems", min)
    }

    /// Says that no item comes twice.
    #[must_use]
    pub fn unique_items(self) -> Self {
        self.with("uniqueItems", true)
    }

    /// Leaves of a list of choices only these, and `null` where it was one.
    #[must_use]
    pub fn only(self, choices: &[&str]) -> Self {
        let null = self.schema.get("nullable").map(|_| Value::Null);
        self.with("enum", choices.iter().map(|choice| json!(choice)).chain(null).collect::<Value>())
    }

    /// Limits a number, both ends included.
    #[must_use]
    pub fn range(self, min: i64, max: i64) -> Self {
        self.with("minimum", min).with("maximum", max)
    }

    /// Names the format of a text.
    #[must_use]
    pub fn format(self, format: &str) -> Self {
        self.with("format", format)
    }

    /// Gives the pattern of a text.
    #[must_use]
    pub fn pattern(self, pattern: &str) -> Self {
        self.with("pattern", pattern)
    }

    /// Gives an example.
    #[must_use]
    pub fn example(self, example: impl Into<Value>) -> Self {
        self.with("example", example)
    }

    /// Says that it may be `null`.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        if self.is_never_null {
            return self;
        }
        if self.schema.contains_key("$ref") {
            let reference = Value::Object(std::mem::take(&mut self.schema));
            return self.with("nullable", true).with("allOf", json!([reference]));
        }
        if let Some(Value::Array(choices)) = self.schema.get_mut("enum") {
            choices.push(Value::Null);
        }
        self.with("nullable", true)
    }

    /// Says that it can't be cleared, whatever is said of its like.
    #[must_use]
    pub fn never_null(mut self) -> Self {
        self.is_never_null = true;
        self.schema.remove("nullable");
        if let Some(Value::Array(choices)) = self.schema.get_mut("enum") {
            choices.retain(|choice| !choice.is_null());
        }
        self
    }

    /// Changes the schema as a whole.
    #[must_use]
    pub fn via(self, change: impl FnOnce(Self) -> Self) -> Self {
        change(self)
    }

    /// Says that the member may be missing.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self.schema.remove("nullable");
        self
    }

    /// The schema as JSON.
    pub fn into_value(self) -> Value {
        Value::Object(self.schema)
    }
}

/// An object schema while it is put together.
#[derive(Debug, Default)]
pub struct Object {
    properties: Map<String, Value>,
    required: Vec<String>,
    is_open: bool,
}

impl Object {
    /// Adds a member. A described reference is wrapped, since nothing may stand beside `$ref`.
    pub fn property(&mut self, name: &str, doc: &[&str], shape: Shape, required: bool) {
        if required && !shape.is_optional {
            self.required.push(name.to_owned());
        }
        let mut shape = shape;
        if shape.schema.contains_key("$ref") {
            let reference = Value::Object(std::mem::take(&mut shape.schema));
            shape = shape.with("allOf", json!([reference]));
        }
        let value = shape.with("description", paragraph(doc)).into_value();
        self.properties.insert(name.to_owned(), value);
    }

    /// Adds the members that may be sent back as they were read.
    pub fn sent_back(&mut self, computed: &[&str], fixed: &[&str]) {
        for name in computed.iter().chain(fixed) {
            let doc = &["Read-only: may be sent back as it was read."];
            self.property(name, doc, Shape::any(), false);
        }
    }

    /// Says that members that were added have to be there, and then have a value.
    pub fn need(&mut self, names: Vec<&'static str>) {
        for name in names {
            if let Some(Value::Object(property)) = self.properties.get_mut(name) {
                property.remove("nullable");
                self.required.push(name.to_owned());
            }
        }
    }

    /// Says that other members may come: what the kind of problem adds.
    pub fn open(&mut self) {
        self.is_open = true;
    }
}

/// The object schemas by name.
#[derive(Debug, Default)]
pub struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    /// Enters an object, once, and refers to it.
    pub fn object(
        &mut self,
        name: &'static str,
        doc: &[&str],
        members: impl FnOnce(&mut Object, &mut Self),
    ) -> Shape {
        if !self.0.contains_key(name) {
            // Entered before its members, so that a type that contains itself ends.
            self.0.insert(name.to_owned(), Value::Null);
            let mut object = Object::default();
            members(&mut object, self);
            let mut schema = json!({
                "type": "object",
                "description": paragraph(doc),
                "properties": object.properties,
                "required": object.required,
            });
            if let Value::Object(schema) = &mut schema {
                if object.required.is_empty() {
                    schema.remove("required");
                }
                if object.is_open {
                    schema.insert("additionalProperties".to_owned(), Value::Bool(true));
                }
            }
            self.0.insert(name.to_owned(), schema);
        }
        Shape::reference(name)
    }

    /// Enters the body of a request: an object that refuses unknown members.
    pub fn request(
        &mut self,
        name: &'static str,
        doc: &[&str],
        members: impl FnOnce(&mut Object, &mut Self),
    ) -> Shape {
        let reference = self.object(name, doc, members);
        if let Some(Value::Object(schema)) = self.0.get_mut(name) {
            schema.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
        reference
    }

    /// Enters a schema that is one of several, once, and refers to it.
    pub fn any_of(
        &mut self,
        name: &'static str,
        doc: &[&str],
        shapes: impl FnOnce(&mut Self) -> Vec<Shape>,
    ) -> Shape {
        if !self.0.contains_key(name) {
            let shapes: Vec<Value> = shapes(self).into_iter().map(Shape::into_value).collect();
            let schema = json!({"description": paragraph(doc), "anyOf": shapes});
            self.0.insert(name.to_owned(), schema);
        }
        Shape::reference(name)
    }

    /// All schemas.
    pub fn into_map(self) -> BTreeMap<String, Value> {
        self.0
    }
}

fn paragraph(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

macro_rules! shapes {
    ($($type:ty => $shape:expr),* $(,)?) => {$(
        impl Describe for $type {
            fn shape(_: &mut Schemas) -> Shape { $shape }
        }
    )*};
}

shapes! {
    String => Shape::string(),
    bool => Shape::boolean(),
    i64 => Shape::integer(),
    u16 => Shape::integer().range(0, 65_535),
    Value => Shape::any(),
    Map<String, Value> => Shape::map(Shape::any()),
    DateTime<Utc> => Shape::string().format("date-time").example("2026-11-20T08:30:00.123456Z"),
    NaiveDate => Shape::string().format("date").example("2026-11-20"),
    PartialDate => Shape::string().pattern(PartialDate::PATTERN).max_length(10).example("1989-05-25"),
}

impl<T: Describe> Describe for Option<T> {
    fn shape(schemas: &mut Schemas) -> Shape {
        T::shape(schemas).nullable()
    }
}

impl<T: Describe> Describe for Patch<T> {
    fn shape(schemas: &mut Schemas) -> Shape {
        T::shape(schemas).nullable()
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn shape(schemas: &mut Schemas) -> Shape {
        Shape::array(T::shape(schemas))
    }
}

//! The schemas of the types on the wire, for poem-openapi's registry.
//!
//! poem-openapi's derives can't express that a member may be `null`, take a limit from a constant,
//! or embed the members of another table, and they require its own JSON. So the tables of this
//! crate make the schemas, and a type implements only `Type` of poem-openapi.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde_json::{Value, json};

/// A type with its own schema. `described!` turns it into one of poem-openapi's types.
pub trait Describe: Send + Sync + Sized {
    /// The name of the schema. A schema without a name is written where it is used.
    const NAME: Option<&'static str>;

    /// The schema. It registers the schemas to which it refers.
    fn schema(registry: &mut Registry) -> MetaSchema;
}

/// The reference to a type, or its schema if it has no name.
pub fn schema_ref<T: Describe>() -> MetaSchemaRef {
    match T::NAME {
        Some(name) => MetaSchemaRef::Reference(name.to_owned()),
        None => MetaSchemaRef::Inline(Box::new(T::schema(&mut Registry::default()))),
    }
}

/// Registers a type and the types to which it refers.
pub fn register<T: Describe>(registry: &mut Registry) {
    match T::NAME {
        Some(name) => registry.create_schema::<T, _>(name.to_owned(), T::schema),
        None => drop(T::schema(registry)),
    }
}

/// The doc comment of a type or a member.
fn paragraph(doc: &'static str) -> Option<&'static str> {
    // `Type` has a method `is_empty` of its own.
    Some(doc.trim()).filter(|doc| !str::is_empty(doc))
}

/// A schema under construction.
///
/// The methods are not inlined. Hundreds of members use them, and a schema is more than half a
/// kilobyte, so copies of them made up a tenth of the program.
#[derive(Clone, Debug)]
pub struct Shape {
    schema: Box<MetaSchema>,
    is_nullable: bool,
    is_optional: bool,
}

impl Shape {
    /// The schema of a type. An `Option` may be `null`.
    #[inline(never)]
    pub fn of<T: Type>() -> Self {
        Self::new(T::schema_ref(), !T::IS_REQUIRED)
    }

    /// A reference is wrapped, because it can't have siblings.
    #[inline(never)]
    fn new(schema: MetaSchemaRef, is_nullable: bool) -> Self {
        let mut schema = match schema {
            MetaSchemaRef::Inline(schema) => schema,
            reference => Box::new(MetaSchema { all_of: vec![reference], ..MetaSchema::ANY }),
        };
        // poem-openapi has its own format for a date without a time zone.
        if schema.format == Some("naive-date") {
            schema.format = Some("date");
        }
        Self { schema, is_nullable, is_optional: false }
    }

    /// Changes the schema.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut MetaSchema)) -> Self {
        change(&mut self.schema);
        self
    }

    /// Sets the maximum number of characters.
    #[must_use]
    #[inline(never)]
    pub fn max_length(mut self, max: usize) -> Self {
        self.schema.max_length = Some(max);
        self
    }

    /// Sets the maximum number of characters of each text in a list.
    #[must_use]
    #[inline(never)]
    pub fn texts(mut self, max: usize) -> Self {
        self.schema.items = Some(Box::new(Self::of::<String>().max_length(max).finish()));
        self
    }

    /// Sets the minimum number of characters.
    #[must_use]
    #[inline(never)]
    pub fn min_length(mut self, min: usize) -> Self {
        self.schema.min_length = Some(min);
        self
    }

    /// Sets the maximum number of items.
    #[must_use]
    #[inline(never)]
    pub fn max_items(mut self, max: i64) -> Self {
        self.schema.max_items = usize::try_from(max).ok();
        self
    }

    /// Sets the minimum number of items.
    #[must_use]
    #[inline(never)]
    pub fn min_items(mut self, min: i64) -> Self {
        self.schema.min_items = usize::try_from(min).ok();
        self
    }

    /// Forbids repeated items.
    #[must_use]
    #[inline(never)]
    pub fn unique_items(mut self) -> Self {
        self.schema.unique_items = Some(true);
        self
    }

    /// Restricts a list of choices to these.
    #[must_use]
    #[inline(never)]
    pub fn only(self, choices: &[&str]) -> Self {
        Self { schema: Box::new(choice(choices, "")), ..self }
    }

    /// Limits a number, both ends included. The registry stores limits as floating-point numbers,
    /// which can't represent the largest id; the server corrects that.
    #[must_use]
    #[inline(never)]
    pub fn range(mut self, min: i64, max: i64) -> Self {
        (self.schema.minimum, self.schema.maximum) = (Some(min as f64), Some(max as f64));
        self
    }

    /// Sets the format of a text.
    #[must_use]
    #[inline(never)]
    pub fn format(mut self, format: &'static str) -> Self {
        self.schema.format = Some(format);
        self
    }

    /// Sets the pattern of a text.
    #[must_use]
    #[inline(never)]
    pub fn pattern(mut self, pattern: &str) -> Self {
        self.schema.pattern = Some(pattern.to_owned());
        self
    }

    /// Sets an example.
    #[must_use]
    pub fn example(self, example: impl Into<Value>) -> Self {
        self.with_example(example.into())
    }

    #[inline(never)]
    fn with_example(mut self, example: Value) -> Self {
        self.schema.example = Some(example);
        self
    }

    /// Sets the default.
    #[must_use]
    pub fn default(mut self, default: impl Into<Value>) -> Self {
        self.schema.default = Some(default.into());
        self
    }

    /// Allows `null`.
    #[must_use]
    pub fn nullable(self) -> Self {
        Self { is_nullable: true, ..self }
    }

    /// Forbids `null`, whatever the type says.
    #[must_use]
    pub fn never_null(self) -> Self {
        Self { is_nullable: false, ..self }
    }

    /// Allows the member to be absent, but not `null`.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { is_optional: true, is_nullable: false, ..self }
    }

    /// Transforms the whole schema.
    #[must_use]
    pub fn via(self, change: impl FnOnce(Self) -> Self) -> Self {
        change(self)
    }

    /// The finished schema. A named schema can't be `null`, so `null` becomes an alternative.
    #[inline(never)]
    pub fn finish(mut self) -> MetaSchemaRef {
        let schema = &mut *self.schema;
        if self.is_nullable {
            match schema.all_of.pop() {
                Some(named) => {
                    let null = MetaSchema {
                        nullable: true,
                        enum_items: vec![Value::Null],
                        ..MetaSchema::new("string")
                    };
                    schema.any_of = vec![named, MetaSchemaRef::Inline(Box::new(null))];
                }
                None if !schema.one_of.is_empty() => {
                    // `null` needs a type beside it, so it is one of the alternatives.
                    if let Some(MetaSchemaRef::Inline(first)) = schema.one_of.first_mut() {
                        first.nullable = true;
                    }
                }
                None => {
                    schema.nullable = true;
                    if !schema.enum_items.is_empty() {
                        schema.enum_items.push(Value::Null);
                    }
                }
            }
        }
        MetaSchemaRef::Inline(self.schema)
    }
}

/// The schema of a closed list of texts.
pub fn choice(choices: &[&str], doc: &'static str) -> MetaSchema {
    MetaSchema {
        enum_items: choices.iter().map(|choice| json!(choice)).collect(),
        description: paragraph(doc),
        ..MetaSchema::new("string")
    }
}

/// The schema of several alternatives.
pub fn any_of(schemas: Vec<MetaSchemaRef>, doc: &'static str) -> MetaSchema {
    MetaSchema { any_of: schemas, description: paragraph(doc), ..MetaSchema::ANY }
}

/// The members of an object under construction.
pub struct Members<'a> {
    registry: &'a mut Registry,
    schema: MetaSchema,
}

impl<'a> Members<'a> {
    /// An object without members.
    pub fn new(registry: &'a mut Registry) -> Self {
        Self { registry, schema: MetaSchema::new("object") }
    }

    /// Adds a member.
    #[inline(never)]
    pub fn add<T: Type>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        is_required: bool,
        change: impl FnOnce(Shape) -> Shape,
    ) {
        T::register(self.registry);
        self.push(name, doc, is_required, change(Shape::of::<T>()));
    }

    #[inline(never)]
    fn push(&mut self, name: &'static str, doc: &'static str, is_required: bool, shape: Shape) {
        if is_required && !shape.is_optional {
            self.schema.required.push(name);
        }
        let shape = shape.with(|schema| schema.description = paragraph(doc));
        self.schema.properties.push((name, shape.finish()));
    }

    /// Adds the read-only members that a client may send back.
    pub fn sent_back(&mut self, computed: &[&'static str], fixed: &[&'static str]) {
        for name in computed.iter().chain(fixed) {
            let doc = "Read-only. A client may send it back.";
            self.add::<Value>(name, doc, false, |shape| shape);
        }
    }

    /// Makes members required, without `null`.
    pub fn need(&mut self, names: Vec<&'static str>) {
        for (name, schema) in &mut self.schema.properties {
            if let MetaSchemaRef::Inline(schema) = schema
                && names.contains(name)
            {
                schema.nullable = false;
            }
        }
        self.schema.required.extend(names);
    }

    /// The finished object.
    pub fn finish(self, doc: &'static str) -> MetaSchema {
        MetaSchema { description: paragraph(doc), ..self.schema }
    }
}

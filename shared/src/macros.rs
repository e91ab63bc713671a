//! The macros for types on the wire: records in answers, and members of requests. Each macro is
//! the only table from which the struct, its parser and its schema are generated, so that they
//! can't disagree.

/// Implements poem-openapi's `Type` for a described type.
macro_rules! described {
    ($type:ty $(where $generic:ident: $bound:path)?) => {
        #[cfg(feature = "openapi")]
        impl $(<$generic: $bound>)? poem_openapi::types::Type for $type {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                use $crate::describe::Describe;
                Self::NAME.unwrap_or(stringify!($type)).into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                $crate::describe::schema_ref::<Self>()
            }

            fn register(registry: &mut poem_openapi::registry::Registry) {
                $crate::describe::register::<Self>(registry);
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}

/// Declares a record in answers: a plain struct for serde, whose doc comments and limits are also
/// its schema in the API description. A kept record says `over` which fields it embeds,
/// the type of its permissions and the name of its pages. It has its times and its version in addition.
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        $name:ident over $fields:ident, permissions $permission:ident, pages $page:literal {
            $($members:tt)*
        }
    ) => {
        record! {
            $(#[doc = $doc])*
            $name {
                $($members)*
                /// The time of creation.
                created_at: chrono::DateTime<chrono::Utc>,
                /// The time of the last change.
                updated_at: chrono::DateTime<chrono::Utc>,
                /// The version, which counts the changes from 1.
                version: i64 => [range(1, i64::MAX), example(1)],
                /// The caller's permissions. Only in single records.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                permissions: Option<Vec<$permission>> => [max_items(10), optional()],
            }
        }

        #[cfg(feature = "openapi")]
        impl $crate::page::Listed for $name {
            const PAGE: &'static str = $page;
        }

        impl std::ops::Deref for $name {
            type Target = $fields;

            /// Gives access to the members that can be changed.
            fn deref(&self) -> &$fields {
                &self.fields
            }
        }
    };
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $(
                $(#[doc = $field_doc:literal])*
                $(#[serde($($serde:tt)*)])*
                $field:ident : $type:ty $(=> [$($shape:ident($($argument:expr),*)),* $(,)?])?
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $(
                $(#[doc = $field_doc])*
                $(#[serde($($serde)*)])*
                pub $field: $type,
            )*
        }

        impl $name {
            /// The names of the members, in their order. `fields` stands for embedded members.
            pub const MEMBERS: &'static [&'static str] = &[$(stringify!($field)),*];
        }

        #[cfg(feature = "openapi")]
        impl $crate::describe::Describe for $name {
            const NAME: Option<&'static str> = Some(stringify!($name));

            fn schema(
                registry: &mut poem_openapi::registry::Registry,
            ) -> poem_openapi::registry::MetaSchema {
                let mut members = $crate::describe::Members::new(registry);
                $(
                    describe_record_member!(
                        members, [$($($serde)*),*] $field, $type, concat!($($field_doc),*),
                        [$($($shape($($argument),*)),*)?]
                    );
                )*
                members.finish(concat!($($doc),*))
            }
        }
        described!($name);
    };
}

/// Describes one member of a record. A member with `#[serde(flatten)]` is replaced by its own
/// members.
#[cfg(feature = "openapi")]
macro_rules! describe_record_member {
    ($members:ident, [flatten] $field:ident, $type:ty, $doc:expr, []) => {
        <$type>::describe_members(&mut $members)
    };
    (
        $members:ident, [$($serde:tt)*] $field:ident, $type:ty, $doc:expr,
        [$($shape:ident($($argument:expr),*)),*]
    ) => {
        $members.add::<$type>(stringify!($field), $doc, true, |shape| {
            shape$(.$shape($($argument),*))*
        });
    };
}

/// Declares the members that a request can set and that are stored. It generates `…Input` with a
/// [`Patch`](crate::Patch) for every member, which distinguishes absent members from `null`;
/// `…Fields` with the stored values, which a record embeds; the parser of the input; and the
/// function that applies it to the stored values.
///
/// By default a stored member is optional. A `required` member always has a value, and `null` does
/// not clear it. A `kept` member is the same, but a replacement without it keeps the stored value,
/// and a new record gets the value after `or`. A `list` states its limit and the parser of an
/// item. Members after `also` are read but not stored. `prepare` can change the members before
/// they are read. `withholding` names the closed list of the members that an answer may withhold.
/// `as` names a macro through which the database code gets the names of the stored members.
macro_rules! fields {
    (
        $(#[doc = $doc:literal])*
        $input:ident $(withholding $withheld:ident)? $(prepare $prepare:path)?
            => $(#[$attribute:meta])* $stored:ident $(as $names:ident)?
        {
            $(
                $(#[doc = $field_doc:literal])*
                $field:ident : $type:ty = $($how:ident)? ($($rule:tt)*) $(or $default:expr)?
                $(=> [$($shape:ident($($argument:expr),*)),* $(,)?])?
                $(; sent [$($sent:ident($($sent_argument:expr),*)),* $(,)?])?
            ),* $(,)?
        }
        also {
            $(
                $(#[doc = $extra_doc:literal])*
                $extra:ident : $extra_type:ty = ($extra_rule:expr)
                $(=> [$($extra_shape:ident($($extra_argument:expr),*)),* $(,)?])?
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        pub struct $input {
            $(
                $(#[doc = $field_doc])*
                #[serde(skip_serializing_if = "crate::Patch::is_absent")]
                pub $field: $crate::Patch<$type>,
            )*
            $(
                $(#[doc = $extra_doc])*
                #[serde(skip_serializing_if = "crate::Patch::is_absent")]
                pub $extra: $crate::Patch<$extra_type>,
            )*
            /// The read-only members that the client has sent back, to be compared with the
            /// record.
            #[serde(skip)]
            pub read_only: $crate::read::SentMembers,
        }

        impl $input {
            /// The names of the members, in the order of forms and histories.
            pub const MEMBERS: &'static [&'static str] =
                &[$(stringify!($field),)* $(stringify!($extra),)*];

            /// The members that an answer may withhold.
            pub const WITHHELD: &'static [&'static str] = names_of!($($withheld)?);

            /// Reads the members of a JSON object. The reader collects the errors.
            pub fn read(reader: &mut $crate::read::Reader) -> Self {
                $($prepare(reader);)?
                Self {
                    $($field: take_member!(reader, $field, $($how)? ($($rule)*)),)*
                    $($extra: reader.member(stringify!($extra), $extra_rule),)*
                    read_only: $crate::read::SentMembers::default(),
                }
            }

            /// Turns a change into a replacement: every absent stored member is cleared, if it can
            /// be.
            pub fn clear_absent(&mut self) {
                $(clear_member!(self, $field $(, $how)?);)*
            }

            /// Leaves the stored values of the named members unchanged.
            pub fn leave(&mut self, names: &[&str]) {
                $(if names.contains(&stringify!($field)) {
                    self.$field = $crate::Patch::Absent;
                })*
            }

            /// The stored values of a new record.
            ///
            /// Fails with every required member that is absent.
            pub fn create(&self) -> Result<$stored, $crate::FieldErrors> {
                let missing = [$(
                    create_member!(self, $field, [$($how)?] $(or $default)?)
                        .is_none()
                        .then_some(stringify!($field)),
                )*];
                let build = || Some($stored {
                    $($field: create_member!(self, $field, [$($how)?] $(or $default)?)?,)*
                });
                build().ok_or_else(|| $crate::FieldErrors::required(missing))
            }

            /// Applies the sent members to the stored ones, and returns the names of those that
            /// can't be cleared.
            #[must_use]
            pub fn apply(&self, stored: &mut $stored) -> $crate::FieldErrors {
                $crate::FieldErrors::required([$(apply_member!(self, stored, $field, [$($how)?])),*])
            }

            /// The required members of a new record.
            #[cfg(feature = "openapi")]
            pub fn required() -> Vec<&'static str> {
                [$(is_required!($field, [$($how)?])),*].into_iter().flatten().collect()
            }

            /// Describes the member that names the withheld members.
            #[cfg(feature = "openapi")]
            pub fn describe_withheld(_members: &mut $crate::describe::Members<'_>) {
                $(_members.add::<Vec<$withheld>>(
                    "withheld",
                    "The members that were withheld from the sender. They stay unchanged, whatever \
                     values this body has for them.",
                    false,
                    |shape| shape.max_items(Self::WITHHELD.len() as i64),
                );)?
            }

            /// Describes every member, for one of the requests.
            #[cfg(feature = "openapi")]
            pub fn describe_members(members: &mut $crate::describe::Members<'_>) {
                $(
                    members.add::<$type>(stringify!($field), concat!($($field_doc),*), false, |shape| {
                        let shape = shape$($(.$shape($($argument),*))*)?
                            $($(.$sent($($sent_argument),*))*)?;
                        describe_patch!(shape, [$($how)?])
                    });
                )*
                $(
                    members.add::<$extra_type>(
                        stringify!($extra), concat!($($extra_doc),*), false,
                        |shape| shape.nullable()$($(.$extra_shape($($extra_argument),*))*)?,
                    );
                )*
            }
        }

        #[doc = concat!("The stored values that [`", stringify!($input), "`] may change.")]
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $stored {
            $(
                $(#[doc = $field_doc])*
                pub $field: stored_type!($type, [$($how)?]),
            )*
        }

        #[cfg(feature = "openapi")]
        impl $stored {
            /// Describes every member, for the record that embeds them.
            pub fn describe_members(members: &mut $crate::describe::Members<'_>) {
                $(
                    members.add::<stored_type!($type, [$($how)?])>(
                        stringify!($field), concat!($($field_doc),*), true,
                        |shape| shape$($(.$shape($($argument),*))*)?,
                    );
                )*
            }
        }

        export_names! { ($) [$($names)?] $($field)* }
    };
}

/// Exports a macro that passes the names of the stored members to another one. `$d` is a dollar sign: a
/// macro cannot write one directly.
macro_rules! export_names {
    (($d:tt) [] $($field:ident)*) => {};
    (($d:tt) [$names:ident] $($field:ident)*) => {
        /// Calls a macro with the names of the stored members, after the content of its braces.
        #[macro_export]
        macro_rules! $names {
            ($d callback:ident! { $d($d before:tt)* } $d($d after:tt)*) => {
                $d callback! { $d($d before)* { $($field),* } $d($d after)* }
            };
        }
    };
}

/// The texts of a closed list, or no texts.
macro_rules! names_of {
    () => {
        &[]
    };
    ($list:ident) => {
        $list::TEXTS
    };
}

/// The stored type of a member.
macro_rules! stored_type {
    ($type:ty, []) => { Option<$type> };
    ($type:ty, [$how:ident]) => { $type };
}

/// The first value of a member, or `None` if it is required and absent.
macro_rules! create_member {
    ($input:ident, $field:ident, []) => {
        Some($input.$field.value().cloned())
    };
    ($input:ident, $field:ident, [list]) => {
        Some($input.$field.value().cloned().unwrap_or_default())
    };
    ($input:ident, $field:ident, [$how:ident] or $default:expr) => {
        Some($input.$field.value().cloned().unwrap_or($default))
    };
    ($input:ident, $field:ident, [$how:ident]) => {
        $input.$field.value().cloned()
    };
}

/// Applies one member to the stored value. Returns its name if it can't be cleared.
macro_rules! apply_member {
    ($input:ident, $stored:ident, $field:ident, []) => {{
        $input.$field.apply(&mut $stored.$field);
        None
    }};
    ($input:ident, $stored:ident, $field:ident, [list]) => {{
        $input.$field.apply_or(&mut $stored.$field, Some(Vec::new()));
        None
    }};
    ($input:ident, $stored:ident, $field:ident, [$how:ident]) => {{
        let is_cleared = !$input.$field.apply_or(&mut $stored.$field, None);
        is_cleared.then_some(stringify!($field))
    }};
}

/// The name of a member that a new record requires.
#[cfg(feature = "openapi")]
macro_rules! is_required {
    ($field:ident, [required]) => {
        Some(stringify!($field))
    };
    ($field:ident, [$($how:ident)?]) => {
        None
    };
}

/// States whether a member of a request may be `null`.
#[cfg(feature = "openapi")]
macro_rules! describe_patch {
    ($shape:ident, [kept]) => {
        $shape
    };
    ($shape:ident, [$($how:ident)?]) => {
        $shape.nullable()
    };
}

/// Clears a member, unless it is a `kept` one.
macro_rules! clear_member {
    ($input:ident, $field:ident, kept) => {};
    ($input:ident, $field:ident $(, $how:ident)?) => {
        $input.$field.clear_absent()
    };
}

/// Reads a member with its rule.
macro_rules! take_member {
    ($reader:ident, $field:ident, list ($max:expr, $item:path)) => {
        $reader.list(stringify!($field), $max, $item)
    };
    ($reader:ident, $field:ident, kept ($rule:expr)) => {
        $reader.filled(stringify!($field), $rule)
    };
    ($reader:ident, $field:ident, $($how:ident)? ($rule:expr)) => {
        $reader.member(stringify!($field), $rule)
    };
}

/// Declares the body of a request: a struct that exists only if everything in it is valid, its
/// parser and its schema.
///
/// A member is `required`, `optional` (an `Option`; `null` means absent), `filled` (the same, but
/// `null` is refused), a `patch` (a [`Patch`](crate::Patch)), or `embedded` (another table, whose
/// members stand beside the others). `references` names the members that refer to other records.
/// Members after `also` are read by `prepare`, which can change the members before they are read.
macro_rules! body {
    (
        $(#[doc = $doc:literal])*
        $(#[derive($($derive:ident),*)])?
        $name:ident
            $(, earlier $earlier:path)?
            $(, references $references:tt)?
            $(, prepare $prepare:path)?
            $(, validate $validate:path)?
            $(, sent back ($computed:path, $fixed:path))?
            $(, example $example:tt)?
        {
            $(
                $(#[doc = $field_doc:literal])*
                $(#[serde($($serde:tt)*)])*
                $field:ident $(as $json:literal)? : $type:ty = $how:ident $(($rule:expr))?
                $(=> [$($shape:ident($($argument:expr),*)),* $(,)?])?
            ),* $(,)?
        }
        $(also {
            $(
                $(#[doc = $extra_doc:literal])*
                $extra:ident : $extra_type:ty
                $(=> [$($extra_shape:ident($($extra_argument:expr),*)),* $(,)?])?
            ),* $(,)?
        })?
    ) => {
        $(#[doc = $doc])*
        $(#[derive($($derive),*)])?
        pub struct $name {
            $(
                $(#[doc = $field_doc])*
                $(#[serde($($serde)*)])*
                pub $field: body_type!($how, $type),
            )*
        }

        impl $crate::read::Input for $name {
            $(const EARLIER: $crate::compatibility::Members = $earlier;)?
            $(const REFERENCES: &'static [&'static str] = &$references;)?

            fn read(reader: &mut $crate::read::Reader) -> Option<Self> {
                $($prepare(reader);)?
                $(
                    let $field =
                        body_member!(reader, json_name!($field $($json)?), $how $(($rule))?);
                )*
                Some(Self { $($field: $field?),* })
            }

            $(fn validate(&self, today: chrono::NaiveDate, errors: &mut $crate::FieldErrors) {
                $validate(self, today, errors);
            })?
        }

        #[cfg(feature = "openapi")]
        impl $crate::describe::Describe for $name {
            const NAME: Option<&'static str> = Some(stringify!($name));

            fn schema(
                registry: &mut poem_openapi::registry::Registry,
            ) -> poem_openapi::registry::MetaSchema {
                let mut members = $crate::describe::Members::new(registry);
                $(
                    describe_body_member!(
                        members, $how, $type, json_name!($field $($json)?),
                        concat!($($field_doc),*), [$($($shape($($argument),*)),*)?]
                    );
                )*
                $($(
                    members.add::<$extra_type>(
                        stringify!($extra), concat!($($extra_doc),*), false,
                        |shape| shape$($(.$extra_shape($($extra_argument),*))*)?,
                    );
                )*)?
                $(members.sent_back($computed, $fixed);)?
                let schema = members.finish(concat!($($doc),*));
                $(let schema = poem_openapi::registry::MetaSchema {
                    example: Some(serde_json::json!($example)), ..schema
                };)?
                schema
            }
        }
        described!($name);
    };
}

/// The type of a member in the struct.
macro_rules! body_type {
    (patch, $type:ty) => { $crate::Patch<$type> };
    ($how:ident, $type:ty) => { $type };
}

/// The name of a member in JSON.
macro_rules! json_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $json:literal) => {
        $json
    };
}

/// Reads a member of a body. Returns `None` if it is required and absent.
macro_rules! body_member {
    ($reader:ident, $name:expr, required ($rule:expr)) => {
        $reader.required($name, $rule)
    };
    ($reader:ident, $name:expr, optional ($rule:expr)) => {
        Some($reader.member($name, $rule).into_value())
    };
    ($reader:ident, $name:expr, filled ($rule:expr)) => {
        Some($reader.filled($name, $rule).into_value())
    };
    ($reader:ident, $name:expr, patch ($rule:expr)) => {
        Some($reader.member($name, $rule))
    };
    ($reader:ident, $name:expr, embedded ($read:expr)) => {
        Some($read($reader))
    };
}

/// Describes one member of a body.
#[cfg(feature = "openapi")]
macro_rules! describe_body_member {
    ($members:ident, embedded, $type:ty, $name:expr, $doc:expr, []) => {
        <$type>::describe_members(&mut $members)
    };
    ($members:ident, patch, $type:ty, $name:expr, $doc:expr, [$($shapes:tt)*]) => {
        describe_body_member!($members, optional, Option<$type>, $name, $doc, [$($shapes)*])
    };
    (
        $members:ident, $how:ident, $type:ty, $name:expr, $doc:expr,
        [$($shape:ident($($argument:expr),*)),*]
    ) => {
        $members.add::<$type>($name, $doc, stringify!($how) == "required", |shape| {
            let shape = shape$(.$shape($($argument),*))*;
            if stringify!($how) == "filled" { shape.never_null() } else { shape }
        });
    };
}

/// Declares the requests with the same members: one that creates, one that replaces and one that
/// changes. The last two accept the read-only members of the record: those in `FIXED` must be unchanged,
/// and all others are ignored. They ignore the members that the body itself names in `withheld`.
/// `EARLIER` has the member names of earlier systems.
macro_rules! requests {
    (
        $input:ident of $record:ident;
        $(
            $(#[doc = $doc:literal])*
            $name:ident $sent_back:literal $replaces:literal
                $(, references $references:tt)?, example $example:tt
        ),* $(,)?
    ) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(pub $input);

        impl $crate::read::Input for $name {
            const EARLIER: $crate::compatibility::Members = EARLIER;
            $(const REFERENCES: &'static [&'static str] = &$references;)?
            const READ_ONLY: &'static [&'static str] = if $sent_back { FIXED } else { &[] };

            fn read(reader: &mut $crate::read::Reader) -> Option<Self> {
                let withheld =
                    if $sent_back { reader.leave_out($input::WITHHELD) } else { Vec::new() };
                let mut input = $input::read(reader);
                if $sent_back {
                    reader.ignore(&$crate::read::computed($record::MEMBERS, $input::MEMBERS, FIXED));
                    input.read_only = reader.read_only(FIXED);
                }
                if $replaces {
                    input.clear_absent();
                    input.leave(&withheld);
                }
                Some(Self(input))
            }

            fn validate(&self, today: chrono::NaiveDate, errors: &mut $crate::FieldErrors) {
                validate(&self.0, $sent_back && !$replaces, today, errors);
            }
        }

        #[cfg(feature = "openapi")]
        impl $crate::describe::Describe for $name {
            const NAME: Option<&'static str> = Some(stringify!($name));

            fn schema(
                registry: &mut poem_openapi::registry::Registry,
            ) -> poem_openapi::registry::MetaSchema {
                let mut members = $crate::describe::Members::new(registry);
                $input::describe_members(&mut members);
                if $sent_back {
                    let computed =
                        $crate::read::computed($record::MEMBERS, $input::MEMBERS, FIXED);
                    members.sent_back(&computed, FIXED);
                    $input::describe_withheld(&mut members);
                }
                if !$sent_back || $replaces {
                    members.need($input::required());
                }
                let example = Some(serde_json::json!($example));
                let schema = members.finish(concat!($($doc),*));
                poem_openapi::registry::MetaSchema { example, ..schema }
            }
        }
        described!($name);
    )*};
}

/// Declares a closed list of texts. Parsing ignores case and also accepts the names after `|`.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $(
                $(#[doc = $variant_doc:literal])*
                $variant:ident = $text:literal $(| $other:literal)*
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every choice.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The text of every choice.
            pub const TEXTS: &'static [&'static str] = &[$($text),*];

            /// The text of the choice.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl $crate::query::Choice for $name {
            const ALL: &'static [Self] = Self::ALL;
            const TEXTS: &'static [&'static str] = Self::TEXTS;
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::FieldError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let is = |known: &str| known.eq_ignore_ascii_case(text);
                match () {
                    $(() if is($text) $(|| is($other))* => Ok(Self::$variant),)*
                    () => Err($crate::FieldError::not_one_of(Self::TEXTS)),
                }
            }
        }

        #[cfg(feature = "openapi")]
        impl $crate::describe::Describe for $name {
            const NAME: Option<&'static str> = Some(stringify!($name));

            fn schema(
                _: &mut poem_openapi::registry::Registry,
            ) -> poem_openapi::registry::MetaSchema {
                $crate::describe::choice(Self::TEXTS, concat!($($doc),*))
            }
        }
        described!($name);
    };
}

/// Declares the query parameters of an operation: a struct with an `Option` for each. A list `in
/// pages` has the parameters of every list in addition.
macro_rules! filter {
    ($(#[doc = $doc:literal])* $name:ident, in pages { $($members:tt)* }) => {
        filter! {
            $(#[doc = $doc])*
            $name {
                $($members)*
                /// The page number, from 1. Beyond row 10,000, follow `next`.
                page: i64 = $crate::query::whole(1, $crate::page::ROW_MAX)
                    => [range(1, $crate::page::ROW_MAX)],
                /// The number of rows in a page.
                page_size: i64 = $crate::query::whole(1, $crate::page::PAGE_SIZE_MAX)
                    => [range(1, $crate::page::PAGE_SIZE_MAX), default($crate::page::PAGE_SIZE)],
                /// The position of the page, from `next` or `previous`.
                cursor: String = $crate::read::line(2_000) => [max_length(2_000)],
            }
        }

        impl $name {
            /// The parameters that say which page is meant.
            pub fn pages(&self) -> $crate::query::Pages<'_> {
                (self.page, self.page_size, self.cursor.as_deref())
            }
        }
    };
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            $(
                $(#[doc = $field_doc:literal])*
                $field:ident : $type:ty = $rule:expr
                $(=> [$($shape:ident($($argument:expr),*)),* $(,)?])?
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $( $(#[doc = $field_doc])* pub $field: Option<$type>, )*
        }

        impl $crate::query::Query for $name {
            fn read(reader: &mut $crate::read::Reader) -> Option<Self> {
                Some(Self { $($field: reader.member(stringify!($field), $rule).into_value(),)* })
            }
        }

        #[cfg(feature = "openapi")]
        impl $crate::describe::Describe for $name {
            const NAME: Option<&'static str> = None;

            fn schema(
                registry: &mut poem_openapi::registry::Registry,
            ) -> poem_openapi::registry::MetaSchema {
                let mut members = $crate::describe::Members::new(registry);
                $(
                    members.add::<$type>(
                        stringify!($field), concat!($($field_doc),*), false,
                        |shape| shape$($(.$shape($($argument),*))*)?,
                    );
                )*
                members.finish("")
            }
        }
        described!($name);

        impl $name {
            /// The query parameters that are set, for a request.
            pub fn pairs(&self) -> Vec<(&'static str, String)> {
                let mut pairs = Vec::new();
                $(
                    if let Some(value) = &self.$field {
                        pairs.push((stringify!($field), value.to_string()));
                    }
                )*
                pairs
            }
        }
    };
}

//! The two shapes every type on the wire has: a record that is answered, and the members that a
//! request may carry. Each macro is the one table from which the struct, its reading and its
//! description come, so that they cannot drift apart.

/// Declares an answered record: a plain struct for serde whose doc comments and limits are also
/// its schema in the API description.
macro_rules! record {
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

        #[cfg(feature = "openapi")]
        impl $crate::describe::Describe for $name {
            fn shape(schemas: &mut $crate::describe::Schemas) -> $crate::describe::Shape {
                schemas.object(stringify!($name), &[$($doc),*], |object, schemas| {
                    $(
                        let shape = <$type as $crate::describe::Describe>::shape(schemas)
                            $($(.$shape($($argument),*))*)?;
                        let optional = <$type as $crate::describe::Describe>::OPTIONAL;
                        object.property(stringify!($field), &[$($field_doc),*], shape, !optional);
                    )*
                })
            }
        }
    };
}

/// Declares what a request may carry: `…Input` with a [`Patch`](crate::Patch) for every member, so
/// that absent and `null` stay apart; a plain struct of the stored values; and how the one is read
/// from JSON and applied to the other. Members after `also` are read but not stored.
macro_rules! fields {
    (
        $(#[doc = $doc:literal])*
        $input:ident => $stored:ident {
            $(
                $(#[doc = $field_doc:literal])*
                $field:ident : $type:ty = $($how:ident)? ($($rule:tt)*)
                $(=> [$($shape:ident($($argument:expr),*)),* $(,)?])?
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
            /// What was read and is sent back, to be compared with the record as it is.
            #[serde(skip)]
            pub echo: $crate::read::Echo,
        }

        impl $input {
            /// The names of the members, in the order in which forms and histories show them.
            pub const MEMBERS: &'static [&'static str] =
                &[$(stringify!($field),)* $(stringify!($extra),)*];

            /// Takes the members of one JSON object; what is wrong with them stays in the reader.
            pub fn read(reader: &mut $crate::read::Reader) -> Self {
                Self {
                    $($field: take_member!(reader, $field, $($how)? ($($rule)*)),)*
                    $($extra: reader.member(stringify!($extra), $extra_rule),)*
                    echo: $crate::read::Echo::default(),
                }
            }

            /// Turns a change into a replacement: every stored member that is absent is cleared, where
            /// it can be.
            pub fn clear_absent(&mut self) {
                $(clear_member!(self, $field $(, $how)?);)*
            }

            /// Lays the given members over the stored ones.
            pub fn apply(&self, stored: &mut $stored) {
                $(self.$field.apply(&mut stored.$field);)*
            }

            /// Describes every member, for one of the requests that carry them.
            #[cfg(feature = "openapi")]
            pub fn describe_members(
                object: &mut $crate::describe::Object,
                schemas: &mut $crate::describe::Schemas,
            ) {
                use $crate::describe::Describe;
                $(
                    let shape = <$type>::shape(schemas)$($(.$shape($($argument),*))*)?.nullable();
                    object.property(stringify!($field), &[$($field_doc),*], shape, false);
                )*
                $(
                    let shape = <$extra_type>::shape(schemas)
                        $($(.$extra_shape($($extra_argument),*))*)?.nullable();
                    object.property(stringify!($extra), &[$($extra_doc),*], shape, false);
                )*
            }
        }

        #[doc = concat!("The stored values that [`", stringify!($input), "`] may change.")]
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $stored {
            $(
                $(#[doc = $field_doc])*
                pub $field: Option<$type>,
            )*
        }
    };
}

/// Clears one member, unless it is one that can't be cleared.
macro_rules! clear_member {
    ($input:ident, $field:ident, never_null) => {};
    ($input:ident, $field:ident $(, $how:ident)?) => {
        $input.$field.clear_absent()
    };
}

/// Takes one member with its rule, where `never_null` says that it can't be cleared, or a list with its limit and the reading of an item.
macro_rules! take_member {
    ($reader:ident, $field:ident, list ($max:expr, $item:path)) => {
        $reader.list(stringify!($field), $max, $item)
    };
    ($reader:ident, $field:ident, never_null ($rule:expr)) => {
        $reader.filled(stringify!($field), $rule)
    };
    ($reader:ident, $field:ident, ($rule:expr)) => {
        $reader.member(stringify!($field), $rule)
    };
}

/// Declares the requests that carry the same members: one that creates, one that replaces and one
/// that changes. The last two take back what was read: the members in `COMPUTED` are ignored, those
/// in `FIXED` must be what they are. `EARLIER` are the names that earlier systems have for members.
macro_rules! requests {
    (
        $input:ident;
        $($(#[doc = $doc:literal])* $name:ident $sent_back:literal $replaces:literal),* $(,)?
    ) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(pub $input);

        impl $crate::read::Input for $name {
            const EARLIER: $crate::compatibility::Members = EARLIER;

            fn read(reader: &mut $crate::read::Reader) -> Self {
                let mut input = $input::read(reader);
                if $sent_back {
                    reader.ignore(COMPUTED);
                    input.echo = reader.echo(FIXED);
                }
                if $replaces {
                    input.clear_absent();
                }
                Self(input)
            }

            fn judge(&self, today: chrono::NaiveDate, faults: &mut $crate::Faults) {
                judge(&self.0, $sent_back && !$replaces, today, faults);
            }
        }

        #[cfg(feature = "openapi")]
        impl $crate::describe::Describe for $name {
            fn shape(schemas: &mut $crate::describe::Schemas) -> $crate::describe::Shape {
                schemas.request(stringify!($name), &[$($doc),*], |object, schemas| {
                    $input::describe_members(object, schemas);
                    if $sent_back {
                        for name in COMPUTED.iter().chain(FIXED) {
                            let doc = &["Read-only: may be sent back as it was read."];
                            object.property(name, doc, $crate::describe::Shape::any(), false);
                        }
                    }
                    if !$sent_back || $replaces {
                        object.need(REQUIRED);
                    }
                })
            }
        }
    )*};
}

/// Declares a closed list of texts.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        $name:ident { $($(#[doc = $variant_doc:literal])* $variant:ident = $text:literal),* $(,)? }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every choice.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// Every choice as it is written.
            pub const TEXTS: &'static [&'static str] = &[$($text),*];

            /// As it is written.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        #[cfg(feature = "openapi")]
        impl crate::describe::Describe for $name {
            fn shape(_: &mut crate::describe::Schemas) -> crate::describe::Shape {
                crate::describe::Shape::one_of(Self::TEXTS)
            }
        }
    };
}

/// Declares the parameters of one operation: a struct with an `Option` for each.
macro_rules! filter {
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
            fn read(reader: &mut $crate::read::Reader) -> Self {
                Self { $($field: reader.member(stringify!($field), $rule).into_value(),)* }
            }

            #[cfg(feature = "openapi")]
            fn describe(
                schemas: &mut $crate::describe::Schemas,
            ) -> Vec<(&'static str, String, $crate::describe::Shape)> {
                use $crate::describe::Describe;
                vec![$((
                    stringify!($field),
                    [$($field_doc),*].map(str::trim).join(" "),
                    <$type>::shape(schemas)$($(.$shape($($argument),*))*)?,
                )),*]
            }
        }

        impl $name {
            /// The parameters that are set, as a client puts them into the address.
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

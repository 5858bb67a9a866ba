//! The macros that define views.

/// Defines structs that are written as answers, from one list of fields each. A doc comment is the description in the OpenAPI document;
/// an `Option` is left out if it is `None`. `declares OBJECT with [FIELDS]` puts the declared fields of a stored entity first.
macro_rules! view {
    ($(
        $(#[doc = $doc:literal])+
        $(#[derive($($derived:ident),*)])?
        pub struct $name:ident $(<$life:lifetime>)? $(declares $object:ident with $always:tt)? {
            $($(#[doc = $about:literal])+ pub $field:ident: $kind:ty,)*
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, serde::Serialize $($(, $derived)*)?)]
        pub struct $name $(<$life>)? {
            $(
                #[doc = concat!("The declared fields of [`", stringify!($object), "`](crate::model::schema::", stringify!($object), ").")]
                #[serde(flatten)]
                pub declared: serde_json::Map<String, serde_json::Value>,
            )?
            $(
                $(#[doc = $about])+
                #[serde(skip_serializing_if = "crate::model::view::Shaped::is_absent")]
                pub $field: $kind,
            )*
        }

        impl $(<$life>)? $crate::model::view::View for $name $(<$life>)? {
            const VIEW: &'static $crate::model::view::Object = &$crate::model::view::Object {
                name: stringify!($name),
                doc: concat!($($doc),+).trim_ascii(),
                declared: $crate::model::view::define::declared!($($object $always)?),
                fields: &[$($crate::model::view::define::field!($field: $kind, $($about),+)),*],
            };
        }
    )+};
}

/// Describes objects that are written by hand, in the form of [`view`]. The types have no values.
macro_rules! describe {
    ($(
        $(#[doc = $doc:literal])+
        pub struct $name:ident {
            $($(#[doc = $about:literal])+ $field:ident: $kind:ty,)*
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub enum $name {}

        impl $crate::model::view::View for $name {
            const VIEW: &'static $crate::model::view::Object = &$crate::model::view::Object {
                name: stringify!($name),
                doc: concat!($($doc),+).trim_ascii(),
                declared: None,
                fields: &[$($crate::model::view::define::field!($field: $kind, $($about),+)),*],
            };
        }
    )+};
}

/// The row of a field.
macro_rules! field {
    ($field:ident: $kind:ty, $($about:literal),+) => {
        $crate::model::view::Field {
            name: match stringify!($field).as_bytes() {
                [b'r', b'#', ..] => stringify!($field).split_at(2).1,
                _ => stringify!($field),
            },
            required: <$kind as $crate::model::view::Shaped>::REQUIRED,
            shape: <$kind as $crate::model::view::Shaped>::SHAPE,
            doc: concat!($($about),+).trim_ascii(),
        }
    };
}

/// The declared fields of a view, if any.
macro_rules! declared {
    () => {
        None
    };
    ($object:ident $always:tt) => {
        Some($crate::model::view::Declared {
            object: &$crate::model::schema::$object,
            always: &$always,
        })
    };
}

pub(crate) use {declared, describe, field, view};

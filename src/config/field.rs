//! The macro of the tables of fields that conditions read.

/// Generates the fields of one kind of condition: their numbers, and the table by which conditions are checked.
macro_rules! fields {
    (
        $(#[$doc:meta])*
        $name:ident, $table:ident, elsewhere $elsewhere:expr;
        $($field:ident = $text:literal: $kind:ident, $about:literal;)+
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = $about] $field,)+
        }

        impl $name {
            /// Every field, in the order of their numbers.
            const ALL: &[Self] = &[$(Self::$field),+];

            /// Returns the field with a number.
            #[must_use]
            pub fn at(number: usize) -> Option<Self> {
                Self::ALL.get(number).copied()
            }
        }

        #[doc = concat!("The fields of [`", stringify!($name), "`].")]
        pub static $table: Table = Table {
            fields: &[$(Field { name: $text, kind: Kind::$kind, doc: $about }),+],
            elsewhere: &$elsewhere,
        };
    };
}

pub(super) use fields;

//! The macro that turns the table of books into code.
//!
//! All loops are unrolled by the macro with static dispatch, and each book is a direct field for those who read only that one.

/// Code of the part that holds what is not a book's. Format 1 kept the small parts of all books there too, under its own code.
pub const HEAD: u8 = 0x13;
/// Code of the head of format 1.
pub const HEAD_OF_FORMAT_1: u8 = 0x10;

/// Generates the struct of the books, its image and the loops over all books.
macro_rules! books {
    ($($(#[$doc:meta])* $name:ident: $book:ty = $codes:expr;)+) => {
        /// All books.
        #[derive(Debug)]
        pub struct Books {
            /// Hashes the ids of every kind.
            pub hasher: $crate::id::IdHasher,
            $($(#[$doc])* pub $name: $book,)+
        }

        /// The books at one instant.
        #[derive(Debug)]
        struct Frozen {
            $($name: <$book as Book>::Image,)+
        }

        type WritePart = fn(&Books, &Frozen, &mut part::Place, &mut Vec<u8>) -> bool;

        /// Each book's name and the codes of its kinds of parts.
        const CODES: &[(&str, &[u8])] = &[$((stringify!($name), &$codes)),+];
        const WRITE: &[WritePart] = &[
            $(|books, image, place, bytes| part::write(&books.$name, &image.$name, &$codes, place, bytes),)+
        ];
        const THAW: &[fn(&mut Books)] = &[$(|books| Book::thaw(&mut books.$name),)+];

        const _: () = assert!(part::are_unique(CODES), "a code is of one kind of parts only");

        impl Books {
            /// Returns empty books with the bounds of a configuration.
            #[must_use]
            pub fn new(config: &$crate::config::Config) -> Self {
                Self {
                    hasher: $crate::id::IdHasher::default(),
                    $($name: <$book as Book>::new(config),)+
                }
            }

            /// Lets every book learn from an event.
            pub fn learn(&mut self, event: &$crate::feature::Learned<'_>, moment: &$crate::feature::Moment<'_>) {
                $(Book::learn(&mut self.$name, event, moment);)+
            }

            /// Forgets a deleted entity in every book, as far as this takes no walk over all rows.
            pub fn forget(&mut self, gone: $crate::id::Gone) {
                $(Book::forget(&mut self.$name, gone);)+
            }

            /// Forgets a deleted item or merchant in a range of user rows of every book.
            pub fn forget_in(&mut self, gone: $crate::id::Gone, users: std::ops::Range<usize>) {
                $(Book::forget_in(&mut self.$name, gone, users.clone());)+
            }

            /// Drops what lies before the window that ends with the last complete day.
            pub fn expire(&mut self, last_complete: $crate::clock::Day) {
                $(Book::expire(&mut self.$name, last_complete);)+
            }

            /// Forgets everything that was learnt, and keeps everything that was declared.
            pub fn unlearn(&mut self, config: &$crate::config::Config) {
                $(Book::unlearn(&mut self.$name, config);)+
            }

            /// Continues under another decay from an instant on; the value of every decayed sum at that instant stays.
            pub fn change_decay(
                &mut self,
                from: $crate::feature::Decay,
                to: $crate::feature::Decay,
                at: $crate::clock::Time,
            ) {
                $(Book::change_decay(&mut self.$name, from, to, at);)+
            }

            fn freeze_all(&mut self) -> Frozen {
                Frozen { $($name: Book::freeze(&mut self.$name),)+ }
            }

            fn restore_kind(&mut self, code: u8, bytes: &[u8]) -> Result<(), postcard::Error> {
                $(if let Some(kind) = $codes.iter().position(|it| *it == code) {
                    return Book::restore(&mut self.$name, kind, bytes, &self.hasher);
                })+
                Err(postcard::Error::DeserializeBadEnum)
            }

            /// Reports the size of every structure, by its name in the metrics.
            pub fn sizes(&self, mut report: impl FnMut(&'static str, $crate::telemetry::Size)) {
                $(Book::sizes(&self.$name, &mut report);)+
            }
        }
    };
}

pub(super) use books;

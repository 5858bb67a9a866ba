//! The pages for people: the guides of `src/docs`, the API reference, and the files that they load.
//!
//! Everything is part of the binary. The content security policy allows files of this service only, and nothing inline;
//! a vendored renderer of OpenAPI documents needs inline styles and is a hundred times as large.

mod article;
mod asset;
mod guide;
mod page;
mod site;

pub(super) use page::Page;

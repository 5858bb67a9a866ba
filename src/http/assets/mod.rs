//! The pages for people: the guides of `src/docs`, the API reference, and the files that they load.
//!
//! Everything is part of the binary. The content security policy allows only files of this service, and nothing inline. The API
//! reference has a small renderer of its own, because existing ones need inline styles and are a hundred times as large.

mod article;
mod asset;
mod guide;
mod language;
mod page;
mod site;

pub(super) use page::Page;

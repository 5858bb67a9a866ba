//! The pages for people: the guides of `src/docs`, the API reference, and the files that they load.
//!
//! Everything is part of the binary. The content security policy allows files of this service only, and nothing inline;
//! a vendored renderer of OpenAPI documents needs inline styles and is a hundred times as large.

mod article;
mod asset;
mod guide;
mod pages;

use super::error::{Cause, Problem};
use super::reply::Reply;

/// An address that leads to the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// `/`, which leads to the overview.
    Root,
    /// `/docs`, the overview of the guides.
    Overview,
    /// `/docs/NAME`, a guide or another file.
    Named,
}

/// The media types of the files of a page's address.
#[must_use]
pub(super) fn media(page: Page) -> Vec<&'static str> {
    match page {
        Page::Root => Vec::new(),
        Page::Overview => vec![asset::HTML],
        Page::Named => pages::media(),
    }
}

/// The answer to a request for a page; `name` is the last part of a named page's address.
///
/// # Errors
/// There is no page of that name.
pub(super) fn reply(page: Page, name: &str) -> Result<Reply, Problem> {
    let found = match page {
        Page::Root => return Ok(Reply::redirect("/docs")),
        Page::Overview => pages::find(pages::OVERVIEW),
        Page::Named => pages::find(name),
    };
    let asset = found.ok_or_else(|| Problem::new(Cause::NotFound, "there is no such page"))?;
    Ok(asset.reply())
}

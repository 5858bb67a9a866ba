//! The addresses of the pages, and their answers.

use super::super::error::{Cause, Problem};
use super::super::reply::Reply;
use super::{asset, site};

/// An address that leads to the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Page {
    /// `/`, which redirects to the overview.
    Root,
    /// `/docs`, the overview of the guides.
    Overview,
    /// `/docs/NAME`: a guide or another file.
    Named,
}

impl Page {
    /// Returns the media types of the files at this address.
    #[must_use]
    pub(in crate::http) fn media(self) -> Vec<&'static str> {
        match self {
            Self::Root => Vec::new(),
            Self::Overview => vec![asset::HTML],
            Self::Named => site::media(),
        }
    }

    /// Returns the answer; `name` is the last part of the address, used by [`Page::Named`] only.
    ///
    /// # Errors
    /// 404 if there is no page of that name.
    pub(in crate::http) fn reply(self, name: &str) -> Result<Reply, Problem> {
        let found = match self {
            Self::Root => return Ok(Reply::redirect("/docs")),
            Self::Overview => site::find(site::OVERVIEW),
            Self::Named => site::find(name),
        };
        let asset = found.ok_or_else(|| Problem::new(Cause::NotFound, "there is no such page"))?;
        Ok(asset.reply())
    }
}

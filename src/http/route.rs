//! A route as one value: the checks of its requests, its handler, and its description in the OpenAPI document.
//!
//! A row of the table begins with [`Route::new`], which takes the parts that every route has. Methods such as [`Route::takes`] set the
//! others, which default to no body, no query, no admission, and the answer 204.

use std::future::{Ready, ready};
use std::pin::Pin;

use axum::http::Method;

use super::admission::Work;
use super::assets::Page;
use super::auth::Role;
use super::body::Media;
use super::call::Call;
use super::error::Problem;
use super::param::Param;
use super::reply::Reply;
use crate::model::schema::Object;
use crate::model::view;

/// The outcome of a handler.
pub(super) type Outcome = Result<Reply, Problem>;

/// A handler. It does nothing until its future is polled.
pub(super) type Handler =
    for<'c> fn(Call<'c>) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'c>>;

/// A method of a path.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) method: Method,
    /// Pattern of the path. `{name}` matches one segment, which the handler reads by [`Call::path`].
    pub(super) path: &'static str,
    pub(super) role: Role,
    pub(super) tag: Tag,
    /// Name of the operation in generated clients.
    pub(super) operation: &'static str,
    /// Description in one line.
    pub(super) summary: &'static str,
    pub(super) handler: Handler,
    pub(super) takes: Takes,
    pub(super) params: &'static [Param],
    pub(super) answer: Answer,
    /// Kind of work that must be admitted first, if any.
    pub(super) work: Option<Work>,
    /// Statuses of problems that do not follow from the other fields.
    pub(super) problems: &'static [u16],
}

impl Route {
    /// Creates a route that takes no body and no query, needs no admission, and answers 204.
    pub(super) const fn new(
        method: Method,
        path: &'static str,
        role: Role,
        tag: Tag,
        operation: &'static str,
        summary: &'static str,
        handler: Handler,
    ) -> Self {
        Self {
            method,
            path,
            role,
            tag,
            operation,
            summary,
            handler,
            takes: Takes::Nothing,
            params: &[],
            answer: Answer::Nothing,
            work: None,
            problems: &[],
        }
    }

    /// Sets the body.
    pub(super) const fn takes(mut self, takes: Takes) -> Self {
        self.takes = takes;
        self
    }

    /// Sets the query parameters.
    pub(super) const fn params(mut self, params: &'static [Param]) -> Self {
        self.params = params;
        self
    }

    /// Sets the answer.
    pub(super) const fn answers(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    /// Sets the kind of work that must be admitted.
    pub(super) const fn admits(mut self, work: Work) -> Self {
        self.work = Some(work);
        self
    }

    /// Adds statuses of problems.
    pub(super) const fn fails(mut self, problems: &'static [u16]) -> Self {
        self.problems = problems;
        self
    }

    /// Returns the names of the path parameters, in the order of the pattern.
    pub(super) fn path_params(&self) -> impl Iterator<Item = &'static str> {
        let segments = self.path.split('/');
        segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// Returns the future of a handler that does not wait.
pub(super) fn now(outcome: Outcome) -> Pin<Box<Ready<Outcome>>> {
    Box::pin(ready(outcome))
}

/// The group of a route in the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Ranking,
    Data,
    Insight,
    Operations,
}

impl Tag {
    /// Every tag, in the order of the documentation.
    pub(super) const ALL: [Self; 4] = [Self::Ranking, Self::Data, Self::Insight, Self::Operations];

    /// Returns the name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ranking => "ranking",
            Self::Data => "data",
            Self::Insight => "insight",
            Self::Operations => "operations",
        }
    }

    /// Returns the description.
    pub(super) const fn doc(self) -> &'static str {
        match self {
            Self::Ranking => "Rank candidates",
            Self::Data => "Send and delete items, merchants, users and events",
            Self::Insight => "Read what is stored and learnt, and the standings of the race",
            Self::Operations => "Run the service: health, metrics, configuration, back-ups",
        }
    }
}

/// The body that a route accepts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// No body. One that is sent is ignored.
    Nothing,
    /// No content, or an empty object. The content type that it needs makes a browser ask before it sends it to another site.
    Empty,
    /// One object.
    One(&'static Object),
    /// Many objects, as an array or as lines.
    Many(&'static Object),
    /// Many merge patches of objects, as an array or as lines.
    Patches(&'static Object),
}

impl Takes {
    /// Returns the accepted content types; empty if any type is accepted.
    pub(super) const fn media(self) -> &'static [Media] {
        match self {
            Self::Nothing => &[],
            Self::One(_) => &[Media::Json],
            Self::Empty | Self::Many(_) | Self::Patches(_) => &[Media::Json, Media::Lines],
        }
    }

    /// Returns `true` if the body must have content.
    pub(super) const fn has_content(self) -> bool {
        matches!(self, Self::One(_) | Self::Many(_) | Self::Patches(_))
    }
}

/// The answer of a route in case of success.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// 204 without a body.
    Nothing,
    /// An object of the views, as JSON.
    Json(&'static view::Object),
    /// An object of the views, as JSON or as Markdown, as the header `Accept` asks.
    Readable(&'static view::Object),
    /// Text or a file of a media type.
    File(&'static str),
    /// A page for people, or a redirect to one.
    Page(Page),
}

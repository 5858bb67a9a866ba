//! Timeouts of one connection: for the head of a request, and for idleness.
//!
//! hyper has one timer for both, so a connection that may be idle for a minute could also take a minute for each head. [`Watch`]
//! distinguishes them by the bytes received and sent and the requests in progress, for HTTP/1 and HTTP/2. Requests set no timers:
//! one task per connection checks its state from time to time.
//!
//! A connection whose request was rejected for lack of a slot reads nothing until it is woken (see [`super::admission`]).

mod stream;
mod watch;

pub(super) use self::stream::Watched;
pub(super) use self::watch::{Overdue, Watch};

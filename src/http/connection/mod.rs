//! Timeouts of one connection: for the head of a request, and for idleness.
//!
//! hyper has one timer for both, so a connection that may be idle for a minute could also take a minute for each head. [`Watch`]
//! distinguishes them by the bytes received and sent and the requests in progress, for HTTP/1 and HTTP/2. Requests set no timers:
//! one task per connection checks its state from time to time.
//!
//! A client that has answers to take must take them at a rate: progress counts, not silence. The bytes sent count for the connection,
//! and the pieces handed out for each answer, because one HTTP/2 stream may stand still while the others move.
//!
//! A connection whose request was rejected for lack of a slot reads nothing until it is woken (see [`super::admission`]).

mod bare;
mod stream;
mod taken;
mod watch;

pub(super) use self::bare::Explained;
pub(super) use self::stream::Watched;
pub(super) use self::taken::Taken;
pub(super) use self::watch::{Overdue, Patience, Watch};

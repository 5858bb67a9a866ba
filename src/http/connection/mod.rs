//! Timeouts of one connection: for the head of a request, and for idleness.
//!
//! hyper has one timer for both, so that a connection which may be idle for a minute could also take a minute over each head.
//! [`Watch`] tells the two apart by the bytes received and sent and the requests in progress, for HTTP/1 and HTTP/2 alike. A
//! request sets no timer of its own: a task checks the state of the connection now and then.
//!
//! A connection whose request was rejected for lack of a slot reads nothing until it is woken (see [`super::admission`]).

mod stream;
mod watch;

pub(super) use self::stream::Watched;
pub(super) use self::watch::{Overdue, Watch};

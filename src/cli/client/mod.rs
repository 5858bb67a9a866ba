//! A client of a running service over HTTP, for the commands that work from outside.
//!
//! Blocking, one request at a time: these commands wait for each answer anyway. A busy service (429 or 503) is called again after the
//! time that it names. A request on a broken connection is not sent again, since events without ids would count twice.

mod body;
mod call;
mod error;
mod problem;
mod service;
mod tls;

pub use body::Format;
pub use call::Client;
pub use error::CallError;
pub use problem::ReportedFault;
pub use service::{Service, TOKEN, Token};

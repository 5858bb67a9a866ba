//! An HTTP client of a running service, for the commands that call one.
//!
//! Calls block, one at a time, because these commands wait for each answer anyway. A busy service (429 or 503) is called again after
//! its `Retry-After`. A request on a broken connection is not sent again, because events without ids could count twice.

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

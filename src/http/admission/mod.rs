//! Admission: bounds the work in progress, so that excess requests are rejected at once instead of answered late.
//!
//! Each kind of work has its own queue of **slots** and its own bound on bytes. A request with a slot waits for one of a few
//! **permits** to run, first come, first served. The number of slots for rank requests follows from the [`Pace`](pace::Pace): a fixed
//! number would be a millisecond of short requests, or a second of long ones. A connection whose request was rejected is
//! [paused](pause), because rejecting clients that retry at once could use up the CPU.

mod answers;
mod bytes;
mod control;
mod metrics;
mod pace;
mod pause;
mod paused;
mod queue;
mod work;

pub(super) use self::answers::{AnswerBytes, ConnectionBytes};
pub(super) use self::bytes::BodyBytes;
pub(super) use self::control::{Admission, RunPermit};
pub(super) use self::pause::{Pause, Priority, Wakeup};
pub(super) use self::queue::Slot;
pub(super) use self::work::{Rejection, Work};

//! Admission: bounds the work in progress, so that excess requests are rejected at once instead of answered late.
//!
//! Rank requests, batches and facts have **slots** of their own, and so have the bytes of their bodies: a flood of one kind takes
//! nothing from another. A request with a slot waits for one of a few **permits** to run, first come, first served.
//!
//! A rank request runs in one go on the task that received it. Without permits, the queue would consist of tasks whose sockets are
//! readable, which nothing can count, and requests to be rejected would wait in it too. So each request that gets a permit
//! yields once before it runs: those that arrived meanwhile get a slot or their rejection after a few rankings, however long the
//! queue.
//!
//! Unless it is configured, the number of slots for rank requests follows from the [`Pace`](pace::Pace): as many as are answered
//! within `[admission] queue_ms`. A fixed number would be a millisecond of short requests, or a second of long ones. A request
//! whose own time would be over before it runs is rejected at once.
//!
//! A rejection costs at least a tenth of a short request, and its client may come again at once: rejections alone could use up the
//! CPU. So a connection whose request was rejected is **paused**: its next request is read when there is a slot for it.
//! Some slots are reserved for quiet connections, so that clients that retry do not crowd out the others.

mod bytes;
mod control;
mod metrics;
mod pace;
mod pause;
mod paused;
mod queue;
mod work;

pub(super) use self::bytes::BodyBytes;
pub(super) use self::control::{Admission, RunPermit};
pub(super) use self::pause::{Pause, Priority, Wakeup};
pub(super) use self::queue::Slot;
pub(super) use self::work::{Refusal, Work};

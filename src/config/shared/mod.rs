//! The configuration that people share: overrides over the watched file, their history, and changes planned for a time.
//!
//! Effective = file ⊕ overrides. The file belongs to its deployment and is never written; an override is one leaf of the configuration
//! that somebody set over it, with author, time and reason. Both are views in the names and units of the file, inheritance resolved, so
//! an override of one scene changes that scene alone. A generation is on disk before it goes live.

mod author;
mod desk;
mod difference;
mod edit;
mod history;
mod key;
mod overrides;
mod plan;
mod record;
mod step;
mod text;

pub use author::Author;
pub use desk::Origin;
pub(super) use desk::{Desk, Next};
pub use difference::{Difference, differences};
pub use edit::Edit;
pub(super) use history::{History, State};
pub use history::{HistoryError, HistorySize, RecordError, keep_history, receive_history};
pub use key::Key;
pub use overrides::Override;
pub(super) use overrides::Overrides;
pub use plan::Plan;
pub(super) use plan::{Due, Failed};
pub use record::{Record, Source as ChangeSource};
pub(super) use step::Step;
pub(super) use text::{full, same};

//! The views: every JSON answer of the service as a type.
//!
//! `view!` writes a struct, its serialisation and its [`Object`] of the OpenAPI document from one list of fields, so that
//! a field's name, type and description are written once. Rankings are written by hand for speed; `describe!` gives
//! them an [`Object`] alone, and a test checks the writer against it.

mod bulk;
mod configuration;
mod decisions;
pub(crate) mod define;
mod experiments;
mod market;
mod operations;
mod preview;
mod problem;
mod race;
mod ranking;
mod report;
mod shape;
mod shaped;
mod stored;

#[cfg(test)]
pub(crate) mod check;
#[cfg(test)]
mod tests;

pub use bulk::{BulkReply, Effects, EmptiedField, KindOfEvents, Rejected, Repeat};
pub use configuration::{
    ConfigChanged, ConfigDifference, ConfigGeneration, ConfigHistory, ConfigPlan, ConfigPlans,
};
pub use decisions::{
    Lift, LoggedDecision, LoggedFactor, LoggedItem, LoggedMove, LoggedPart, LoggedReasons,
    Neighbour, RuleCount,
};
pub use experiments::{ArmMetric, Assignment, Experiment, ExperimentArm, Experiments};
pub use market::{CampaignState, Campaigns, Conflict, Ladder};
pub use operations::{ClockReply, Health, LiveConfig, MergeReply, ModelView, OpenApiDocument};
pub use preview::{
    ChangedRequest, ExposureChange, MeanChange, MeanOf, MovedItem, NotReplayed, Overlap, PlacePair,
    Preview, RuleChange, ShareChange,
};
pub use problem::Problem;
pub use race::{Race, RaceFigures, RaceLane, RaceLanes, RebuildReply, Runner};
pub use ranking::{
    Dropped, Explanation, FactorPart, GivenBack, Move, ObjectivePart, RankBatchReply, RankedItem,
    Ranking, SlotRace,
};
pub use report::{
    Reason, Report, ReportExposure, ReportFigure, ReportItems, ReportPrice, ReportScene,
    ReportShare, ReportSlot, ReportTail, ReportWindow, Revenue,
};
pub use shape::{Declared, Field, Object, Shape};
pub use shaped::{Any, OrNull, Shaped, View, Weights};
pub use stored::{Profile, StoredCreator, StoredItem, StoredMerchant, StoredUser};

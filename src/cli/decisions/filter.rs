//! Which decisions are wanted.

use crate::cli::live;
use crate::clock::Time;
use crate::decision::{Pseudonyms, Record};

/// Filters of decisions; all of them apply.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Filter {
    /// Name of the scene
    #[arg(long)]
    scene: Option<String>,
    /// Id of the user, as requests give it
    #[arg(long)]
    user: Option<String>,
    /// Id of an item that was shown
    #[arg(long)]
    item: Option<String>,
    /// Id of the request
    #[arg(long, value_name = "ID")]
    pub(super) request: Option<String>,
    /// Arm of an experiment, as EXPERIMENT=ARM
    #[arg(long, value_name = "ARM", value_parser = arm)]
    arm: Option<(String, String)>,
    /// From this time on (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = live::time)]
    since: Option<Time>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = live::time)]
    until: Option<Time>,
}

/// A filter with the pseudonym of its user.
pub(super) struct Prepared<'f> {
    filter: &'f Filter,
    user: Option<String>,
}

fn arm(text: &str) -> Result<(String, String), String> {
    let split = text.split_once('=');
    let split = split.map(|(name, arm)| (name.to_owned(), arm.to_owned()));
    split.ok_or_else(|| "must be EXPERIMENT=ARM".to_owned())
}

impl Filter {
    /// Returns the times within which decisions are wanted, in milliseconds.
    pub(super) fn times(&self) -> (i64, i64) {
        let since = self.since.map_or(i64::MIN, Time::millis);
        (since, self.until.map_or(i64::MAX, Time::millis))
    }

    /// Returns the filter with the pseudonym of its user.
    pub(super) fn prepared(&self, names: &Pseudonyms) -> Prepared<'_> {
        Prepared {
            filter: self,
            user: self.user.as_deref().map(|user| names.of(user)),
        }
    }
}

impl Prepared<'_> {
    pub(super) fn accepts(&self, record: &Record) -> bool {
        let Filter {
            scene,
            item,
            request,
            arm,
            ..
        } = self.filter;
        let shows = |item: &String| record.shown.iter().any(|(id, _)| id == item);
        let holds = |(name, arm): &(String, String)| record.arms.get(name) == Some(arm);
        scene.as_ref().is_none_or(|scene| record.scene == *scene)
            && self
                .user
                .as_ref()
                .is_none_or(|user| record.user.as_ref() == Some(user))
            && item.as_ref().is_none_or(shows)
            && request.as_ref().is_none_or(|id| record.request_id == *id)
            && arm.as_ref().is_none_or(holds)
    }
}

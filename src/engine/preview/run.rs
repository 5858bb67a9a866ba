//! The preview: requests are ranked again under the live and another configuration, and compared.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::compare::{Comparison, Side, changed};
use super::difference::not_replayed;
use super::scene::scene_of;
use crate::clock::Time;
use crate::config::{Config, Generation, Scene};
use crate::decision::{Logged, Record};
use crate::engine::{Engine, Unwanted, Wanted};
use crate::model::view::{Any, ChangedRequest, NotReplayed, OrNull, Preview};
use crate::number::{real, wide};
use crate::rank::{Recorded, Replay};

/// Which logged requests are ranked again.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Name of the scene; `None` for all.
    pub scene: Option<String>,
    /// Maximum number of requests, the newest first.
    pub most: usize,
    /// The instant by which the dates of the configuration are judged; `None` for that of each request.
    pub at: Option<Time>,
}

/// A request that is ranked again.
#[derive(Debug)]
pub(super) struct Asked<'n> {
    pub(super) logged: Arc<Logged>,
    /// The scene that would answer it under the next configuration; `None` if that is not known, so that the arms stay as they held.
    pub(super) after: Option<&'n Scene>,
}

impl<'n> Asked<'n> {
    /// Returns the scene that answers it under the next configuration.
    fn next(&self, next: &'n Config) -> Option<&'n Scene> {
        self.after.or_else(|| scene_of(next, &self.logged.record))
    }
}

/// What is known of the requests under their own generations.
#[derive(Debug, Default)]
struct Own {
    /// Requests whose own generation is known.
    known: usize,
    /// Those whose order it gives again.
    reproduced: usize,
    /// Requests whose own generation is not known.
    unknown: usize,
    /// Generations that were compared with the next configuration, by scene.
    compared: HashSet<(u64, String)>,
    not_replayed: BTreeMap<String, String>,
}

impl Engine {
    /// Returns what a configuration would change in the newest whole records of the decision log.
    ///
    /// # Errors
    /// The caller stopped waiting.
    pub fn preview(
        &self,
        next: &Config,
        sample: &Sample,
        wanted: &Wanted,
    ) -> Result<Preview, Unwanted> {
        let scene = sample.scene.as_deref();
        let logged = self.decisions.newest(sample.most, |record| {
            scene.is_none_or(|scene| record.scene == scene)
        });
        let each = logged.into_iter();
        let asked: Vec<Asked<'_>> = each
            .map(|logged| Asked {
                logged,
                after: None,
            })
            .collect();
        let live = self.generation();
        let mut preview = self.compared(&asked, (&live, next), sample.at, wanted)?;
        if preview.replayed == 0 {
            preview.why = Some(self.why_empty(&live.config, scene));
        }
        Ok(preview)
    }

    /// Returns why no request can be ranked again.
    fn why_empty(&self, config: &Config, scene: Option<&str>) -> String {
        let of_scene = scene.map_or_else(String::new, |scene| format!(" of the scene {scene}"));
        if config.decisions.whole == 0 {
            return "decisions.whole is 0: no request is logged whole; set a share, or give requests in `rank`"
                .to_owned();
        }
        if config.decisions.memory_bytes == 0 {
            return "decisions.memory_bytes is 0: no record is kept in memory".to_owned();
        }
        format!(
            "no request{of_scene} was logged whole yet: {} in a million are; wait for traffic, or give requests in `rank`",
            config.decisions.whole
        )
    }

    /// Ranks requests again under the live and another configuration.
    ///
    /// # Errors
    /// The caller stopped waiting.
    pub(super) fn compared(
        &self,
        asked: &[Asked<'_>],
        (live, next): (&Arc<Generation>, &Config),
        at: Option<Time>,
        wanted: &Wanted,
    ) -> Result<Preview, Unwanted> {
        let (mut comparison, mut own) = (Comparison::default(), Own::default());
        for (number, asked) in asked.iter().enumerate() {
            wanted.check()?;
            self.judge(asked, (live, next), &mut own);
            self.with_sides(asked, (live, next), at, |record, sides| {
                comparison.add(number, record, next.tail.below, sides);
            });
        }
        let mut most: Vec<ChangedRequest> = Vec::new();
        for (tau, number) in comparison.lowest.clone() {
            wanted.check()?;
            if let Some(asked) = asked.get(number) {
                self.with_sides(asked, (live, next), at, |record, sides| {
                    most.push(changed(record, tau, sides));
                });
            }
        }
        let share = || real(wide(own.reproduced)) / real(wide(own.known));
        let keys = own.not_replayed.into_iter();
        Ok(Preview {
            config: Any(next.effective()),
            reproduced: OrNull((own.known > 0).then(share)),
            unknown_generation: own.unknown,
            not_replayed: keys
                .map(|(key, reason)| NotReplayed { key, reason })
                .collect(),
            ..comparison.preview(live.number, most)
        })
    }

    /// Ranks a record under its own generation, and compares that generation with the next configuration.
    fn judge(&self, asked: &Asked<'_>, (live, next): (&Arc<Generation>, &Config), own: &mut Own) {
        let record = &asked.logged.record;
        let hidden = |own: &Config| not_replayed((own, next), record, asked.after);
        let Some(generation) = &asked.logged.generation else {
            own.unknown += 1;
            // It is at least compared with the live one.
            if own.compared.insert((live.number, record.scene.clone())) {
                own.not_replayed.extend(hidden(&live.config));
            }
            return;
        };
        let config = &generation.config;
        if own
            .compared
            .insert((generation.number, record.scene.clone()))
        {
            own.not_replayed.extend(hidden(config));
        }
        let recorded = Recorded::new(record, self.key(record), config, Some(config));
        let scene = scene_of(config, record);
        let (Some(recorded), Some(scene)) = (recorded, scene) else {
            return;
        };
        let page = Replay::new(&recorded, scene).page(false);
        let ids = record.whole.as_ref().map_or(&[][..], |whole| &whole.ids);
        let placed = page.placed.iter().map(|(place, _)| ids[*place].as_str());
        own.known += 1;
        own.reproduced += usize::from(placed.eq(record.shown.iter().map(|(id, _)| id.as_str())));
    }

    /// Ranks a record under the live and another configuration.
    fn with_sides<'n>(
        &self,
        asked: &Asked<'n>,
        (live, next): (&Arc<Generation>, &'n Config),
        at: Option<Time>,
        then: impl FnOnce(&Record, [&Side<'_>; 2]),
    ) {
        let record = &asked.logged.record;
        let own = asked.logged.generation.as_ref().map(|it| &it.config);
        let key = self.key(record);
        let recorded = |config| Recorded::new(record, key, config, own);
        let (Some(before), Some(after)) = (recorded(&live.config), recorded(next)) else {
            return;
        };
        let after = match at {
            Some(at) => after.dated(at),
            None => after,
        };
        let (Some(old), Some(new)) = (scene_of(&live.config, record), asked.next(next)) else {
            return;
        };
        let sides = [Replay::new(&before, old), Replay::new(&after, new)].map(Side::new);
        then(record, sides.each_ref());
    }

    /// Returns the key of a record's lots.
    pub(in crate::engine) fn key(&self, record: &Record) -> u64 {
        let sealed = record.whole.as_ref().map(|whole| whole.inputs.lot.as_str());
        let sealed = sealed.and_then(|sealed| u64::from_str_radix(sealed, 16).ok());
        let names = self.decisions.names();
        names.seal(sealed.unwrap_or_default(), &record.request_id, record.at)
    }
}

//! The exposures as a book: who was shown, where and on which day, and the evidence of clicks.

use super::Book;
use super::encode::whole;
use crate::binary::append;
use crate::clock::Day;
use crate::config::{Config, Source};
use crate::exposure::{Clicks, Exposure, ExposureImage, Part, Shown, VisitsPart, weight};
use crate::feature::{Learned, Moment};
use crate::id::{Gone, IdHasher};
use crate::model::EventKind;
use crate::telemetry::Size;

/// Index of the kind of parts that holds everything but amounts and evidence.
const SMALL: usize = 0;
/// Index of the kind of parts that holds the amounts.
const AMOUNTS: usize = 1;
/// Index of the first of the kinds that hold the evidence, one for each side.
const EVIDENCE: usize = 2;
/// Index of the kind of parts that holds the visits.
const VISITS: usize = 5;

impl Book for Exposure {
    type Image = ExposureImage;

    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) {
        if event.late {
            return;
        }
        let settings = &moment.config.exposure;
        if event.kind == EventKind::Impression && settings.source == Source::Events {
            self.show(&shown_of(event), weight(event.place), settings.amounts);
        } else if event.kind == EventKind::Click {
            let click = shown_of(event);
            self.click(&click);
            let offset = moment.config.race.utc_offset;
            self.visit(&click, offset, settings.visits);
        } else if event.kind == EventKind::Purchase {
            self.buy(&shown_of(event));
        }
    }

    fn forget(&mut self, gone: Gone) {
        if let Some(runner) = gone.key() {
            self.forget(runner);
        }
    }

    fn expire(&mut self, last_complete: Day) {
        self.expire(last_complete);
    }

    fn unlearn(&mut self, _: &Config) {
        *self = Self::default();
    }

    fn freeze(&mut self) -> ExposureImage {
        self.image()
    }

    fn write(&self, image: &ExposureImage, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        match kind {
            SMALL => whole(part, &image.small, bytes),
            AMOUNTS => {
                let amounts = image.amounts(part);
                amounts.map(|amounts| append(&amounts, bytes)).is_some()
            }
            VISITS => {
                let visits = image.visits(part);
                visits.map(|visits| append(&visits, bytes)).is_some()
            }
            _ => {
                let rows = image.evidence(kind - EVIDENCE, part);
                rows.map(|rows| append(rows, bytes)).is_some()
            }
        }
    }

    fn restore(&mut self, kind: usize, bytes: &[u8], _: &IdHasher) -> Result<(), postcard::Error> {
        match kind {
            SMALL => self.restore(postcard::from_bytes(bytes)?),
            AMOUNTS => {
                let part: Part = postcard::from_bytes(bytes)?;
                self.restore_amounts(part);
            }
            VISITS => {
                let part: VisitsPart = postcard::from_bytes(bytes)?;
                self.restore_visits(part);
            }
            _ => {
                let rows: Vec<Clicks> = postcard::from_bytes(bytes)?;
                self.restore_evidence(kind - EVIDENCE, rows);
            }
        }
        Ok(())
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let (entries, bytes, evicted) = self.amounts_size();
        let amounts = Size {
            entries,
            bytes,
            evicted,
        };
        report("exposures", amounts);
        let (entries, bytes, evicted) = self.visits_size();
        let visits = Size {
            entries,
            bytes,
            evicted,
        };
        report("visits", visits);
        let (entries, bytes) = self.evidence_size();
        let evidence = Size {
            entries,
            bytes,
            evicted: 0,
        };
        report("evidence", evidence);
    }
}

/// Returns an event as the book learns from it.
fn shown_of(event: &Learned<'_>) -> Shown {
    Shown {
        at: event.at,
        day: event.day,
        scene: event.scene,
        runners: event.runners(),
        last: event.last,
    }
}

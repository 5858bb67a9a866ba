//! The pace of shares and budgets as a book.

use super::Book;
use super::encode::whole;
use crate::config::{Config, Source};
use crate::exposure::Amount;
use crate::feature::{Learned, Moment};
use crate::id::{Gone, IdHasher};
use crate::model::EventKind;
use crate::support::{Pace, PaceImage, Seen};
use crate::telemetry::Size;

/// Index of the kind of parts that holds the sums and what waits; the other one holds the rest.
const SUMS: usize = 0;

impl Book for Pace {
    type Image = PaceImage;

    /// What it counts is known once the scenes have their numbers, see `Facts::follow`.
    fn new(_: &Config) -> Self {
        Self::default()
    }

    fn learn(&mut self, event: &Learned<'_>, moment: &Moment<'_>) {
        let counts = event.kind == EventKind::Impression && !event.late;
        if counts && moment.config.exposure.source == Source::Events {
            self.show(&Seen {
                scene: event.scene,
                at: event.at,
                item: event.item,
                merchant: event.merchant,
                amount: Amount::ONE.units(),
            });
        }
    }

    fn forget(&mut self, gone: Gone) {
        match gone {
            Gone::Item(item) => self.forget_item(item),
            Gone::Merchant(merchant) => self.forget_merchant(merchant),
            Gone::Creator(_) | Gone::User(_) => {}
        }
    }

    /// Forgets the counts, and keeps the credits, which no event teaches.
    fn unlearn(&mut self, _: &Config) {
        self.clear();
    }

    fn freeze(&mut self) -> PaceImage {
        self.image()
    }

    fn write(&self, image: &PaceImage, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        match kind {
            SUMS => whole(part, image, bytes),
            _ => whole(part, &image.dated, bytes),
        }
    }

    fn restore(&mut self, kind: usize, bytes: &[u8], _: &IdHasher) -> Result<(), postcard::Error> {
        match kind {
            SUMS => Self::restore(self, postcard::from_bytes(bytes)?),
            _ => self.restore_dated(postcard::from_bytes(bytes)?),
        }
        Ok(())
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let [entries, bytes] = self.size();
        let evicted = self.evicted;
        report(
            "waiting_exposures",
            Size {
                entries,
                bytes,
                evicted,
            },
        );
    }
}

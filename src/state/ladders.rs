//! The ladders of newcomers as a book. Events teach nothing: stages change by the steps in the journal.

use super::Book;
use super::encode::whole;
use crate::clock::Day;
use crate::config::Config;
use crate::id::{Gone, IdHasher};
use crate::race::{Kind, PerKind};
use crate::support::{Ladder, LadderImage};
use crate::telemetry::Size;

/// The ladder of each kind of runners.
pub type Ladders = PerKind<Ladder>;

/// Index of the kind of parts that holds the ladders; the other one holds the usual rates of those who left.
const LADDERS: usize = 0;

/// A ladder as stored, with the usual rates of those who left, by row.
#[derive(Debug)]
pub struct Image {
    kind: String,
    ladder: LadderImage,
    usual: Vec<(u32, f64)>,
}

impl Book for Ladders {
    type Image = Vec<Image>;

    fn new(config: &Config) -> Self {
        let support = &config.support;
        Self::from_fn(|_| Ladder::new(support.runners, support.owners))
    }

    fn forget(&mut self, gone: Gone) {
        match gone {
            Gone::Item(item) => self[Kind::Item].forget(item.0),
            Gone::Merchant(merchant) => self[Kind::Merchant].forget(merchant.0),
            Gone::Creator(creator) => self[Kind::Creator].forget(creator.0),
            Gone::User(_) => {}
        }
    }

    fn expire(&mut self, last_complete: Day) {
        let now = last_complete.plus(1).start(0);
        self.iter_mut().for_each(|(_, ladder)| ladder.expire(now));
    }

    /// Forgets the runners, and keeps the names: the journal may not reach back 365 days.
    fn unlearn(&mut self, _: &Config) {
        self.iter_mut().for_each(|(_, ladder)| ladder.clear());
    }

    fn freeze(&mut self) -> Self::Image {
        let ladders = self.iter().filter(|(_, ladder)| !ladder.is_empty());
        ladders
            .map(|(kind, ladder)| Image {
                kind: kind.row().name.to_owned(),
                ladder: ladder.image(),
                usual: ladder.usual_rates(),
            })
            .collect()
    }

    fn write(&self, image: &Vec<Image>, kind: usize, part: usize, bytes: &mut Vec<u8>) -> bool {
        let images = image.iter();
        if kind == LADDERS {
            let ladders: Vec<(&str, &LadderImage)> =
                images.map(|it| (&*it.kind, &it.ladder)).collect();
            return whole(part, &ladders, bytes);
        }
        let rates: Vec<(&str, &[(u32, f64)])> = images.map(|it| (&*it.kind, &*it.usual)).collect();
        whole(part, &rates, bytes)
    }

    fn restore(&mut self, kind: usize, bytes: &[u8], _: &IdHasher) -> Result<(), postcard::Error> {
        if kind == LADDERS {
            let images: Vec<(String, LadderImage)> = postcard::from_bytes(bytes)?;
            for (kind, image) in images {
                if let Some(kind) = Kind::named(&kind) {
                    self[kind].restore(image);
                }
            }
            return Ok(());
        }
        let rates: Vec<(String, Vec<(u32, f64)>)> = postcard::from_bytes(bytes)?;
        for (kind, rates) in rates {
            if let Some(kind) = Kind::named(&kind) {
                let ladder = &mut self[kind];
                rates
                    .iter()
                    .for_each(|(row, usual)| ladder.note_usual(*row, *usual));
            }
        }
        Ok(())
    }

    fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let (mut climbers, mut names) = (Size::default(), Size::default());
        for (_, ladder) in self.iter() {
            let [rungs, known, bytes] = ladder.size();
            climbers.entries += rungs;
            climbers.bytes += bytes;
            climbers.evicted += ladder.evicted;
            names.entries += known;
        }
        report("ladder", climbers);
        report("ladder_names", names);
    }
}

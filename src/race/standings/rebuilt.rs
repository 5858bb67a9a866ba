//! The result of one rebuild: standings, idf and reference points, which change together.

use super::super::contest::{Contest, Results};
use super::super::lane::{LaneId, Lanes};
use super::super::runner::{Kind, PerKind, Races};
use super::super::strangers::Acquainted;
use super::super::trade::Trades;
use super::super::window::Window;
use super::appeal::{Evidence, ratios};
use super::columns::{self, ItemStanding, MerchantStanding};
use super::field::{Field, Standing};
use super::idf::{Idf, idf};
use super::inputs::Inputs;
use super::references::References;
use super::repeats::RepeatRates;
use super::sparse::Sparse;
use super::trend::{counts, trend};
use crate::clock::{Day, Time};
use crate::corpus::{Corpus, Token};
use crate::id::{CreatorRow, ItemRow, MerchantRow};
use crate::model::ItemKind;

/// The immutable result of one rebuild. Everything in it belongs to the same sales and the same number.
#[derive(Debug)]
pub struct Standings {
    /// Its number.
    pub number: u64,
    /// The instant for which it was built.
    pub as_of: Time,
    /// The last complete day, which is the last one that counts.
    pub last_complete: Day,
    /// The offset at which days begin, in milliseconds east of UTC.
    pub utc_offset: i64,
    /// Number of days of the window that the sales cover: 84, or fewer if a bound evicted the oldest.
    pub days: usize,
    /// The log scales.
    pub references: References,
    /// The share of each kind of items in all users' taste for kinds, by [`ItemKind`]; 0 if it is not known.
    pub kinds: [f64; ItemKind::ALL.len()],
    /// The idf of the tags.
    pub idf: Idf,
    pub(super) lanes: Lanes,
    pub(super) fields: PerKind<Field>,
    items: Sparse<ItemStanding>,
    merchants: Vec<MerchantStanding>,
    creators: Vec<f32>,
    /// Clicks of those who see a runner, in units of what is usual.
    appeal: PerKind<Vec<f32>>,
    /// Buyers of an item among those who click on it, in the same units.
    conversion: Vec<f32>,
    repeats: RepeatRates,
    corpus: Corpus,
}

impl Standings {
    /// Runs the race of each kind and sets the reference points.
    ///
    /// Uses the rayon pool in which it is called. Equal inputs give equal standings.
    #[must_use]
    pub fn build(inputs: Inputs) -> Self {
        let acquainted = Acquainted::of(&inputs.sales);
        let races = PerKind::from_fn(|kind| race(kind, &inputs, &acquainted));
        let [items, merchants, creators] = [Kind::Item, Kind::Merchant, Kind::Creator]
            .map(|kind| races[kind].1.finishes.as_slice());
        let rows = |kind| inputs.runners[kind].len();
        let references = References::new(&inputs, items);
        let instant = (inputs.as_of, inputs.utc_offset);
        let lately = counts(&inputs.recent, instant, rows(Kind::Item));
        Self {
            number: inputs.number,
            as_of: inputs.as_of,
            last_complete: inputs.last_complete,
            utc_offset: inputs.utc_offset,
            days: inputs.days(),
            references,
            kinds: inputs.kinds,
            items: columns::items(&lately, items, &references),
            merchants: columns::merchants(rows(Kind::Merchant), merchants),
            creators: columns::creators(&inputs.runners[Kind::Creator], creators),
            appeal: PerKind::from_fn(|kind| appeal(kind, &inputs, |it| [it.clicked, it.shown])),
            conversion: appeal(Kind::Item, &inputs, |it| [it.bought, it.clicked]),
            repeats: RepeatRates::new(&inputs.repeats),
            idf: Idf::new(inputs.item_count, &inputs.tag_counts),
            fields: races
                .map(|kind, (openings, results)| Field::new(kind, &inputs, &openings, results)),
            lanes: inputs.lanes,
            corpus: inputs.corpus,
        }
    }

    /// Returns the figures that scoring reads of an item; `None` if it was added after the rebuild.
    #[inline(always)]
    #[must_use]
    pub fn item(&self, item: ItemRow) -> Option<&ItemStanding> {
        self.items.get(item.index())
    }

    /// Returns the figures that scoring reads of a merchant; `None` if it was added after the rebuild.
    #[inline(always)]
    #[must_use]
    pub fn merchant(&self, merchant: MerchantRow) -> Option<&MerchantStanding> {
        self.merchants.get(merchant.index())
    }

    /// Returns `creator.level` of a creator, in [0, 1]; `None` or NaN if the creator was added after the rebuild or does not exist.
    #[inline(always)]
    #[must_use]
    pub fn creator_level(&self, creator: CreatorRow) -> Option<f32> {
        self.creators.get(creator.index()).copied()
    }

    /// Returns how often a runner is clicked by those who see it, in units of what is usual in its lane; NaN if it is not known.
    #[inline]
    #[must_use]
    pub fn appeal<R: Races>(&self, row: R) -> f32 {
        let appeal = self.appeal[R::KIND].get(row.runner().index());
        appeal.copied().unwrap_or(f32::NAN)
    }

    /// Returns how often an item is bought by those who click on it, in units of what is usual in its lane; NaN if it is not known.
    #[inline]
    #[must_use]
    pub fn conversion(&self, item: ItemRow) -> f32 {
        let conversion = self.conversion.get(item.index());
        conversion.copied().unwrap_or(f32::NAN)
    }

    /// Returns how often users who bought an item buy it again, a day.
    #[must_use]
    pub fn repeat_rate(&self, item: ItemRow) -> f64 {
        f64::from(self.repeats.of(item))
    }

    /// Returns a function from an item's standing to how many times as much as usual it sells at an instant; NaN if it was added after
    /// the rebuild.
    pub fn trend(&self, now: Time) -> impl Fn(&ItemStanding) -> f32 + use<> {
        let trend = trend(self.as_of, now);
        move |standing| trend(standing.lately)
    }

    /// Returns the idf of a word, by the same formula over the items that have words at all.
    #[must_use]
    pub fn word_idf(&self, word: Token) -> f64 {
        f64::from(idf(self.corpus.texts(), self.corpus.carriers_of(word)))
    }

    /// Returns the mean weighted length of the items' texts; `None` if no item had words.
    #[must_use]
    pub fn mean_text(&self) -> Option<f64> {
        self.corpus.mean_length()
    }

    /// Returns the full standing of a runner; `None` if it did not exist at the rebuild.
    #[must_use]
    pub fn standing<R: Races>(&self, row: R) -> Option<Standing> {
        self.fields[R::KIND].standing(row.runner().index())
    }

    /// Returns the trades of a runner; none sold if its kind has no reports, or it did not exist at the rebuild.
    #[must_use]
    pub fn trades<R: Races>(&self, row: R) -> Trades {
        self.fields[R::KIND].trades(row.runner().index())
    }

    /// Returns the rows of a runner's rivals, itself included, with their trades: the runners of its lane, or of all lanes if it has none or
    /// too few sold there.
    #[must_use]
    pub fn rivals<R: Races>(&self, row: R) -> Vec<(usize, Trades)> {
        self.fields[R::KIND].rivals(row.runner().index())
    }

    /// Returns the lane of the runner in a row; [`LaneId::NONE`] if it has none or did not exist at the rebuild.
    #[must_use]
    pub fn lane(&self, kind: Kind, row: u32) -> LaneId {
        self.fields[kind].lane(row as usize)
    }

    /// Returns the name of a runner's lane, if it has one.
    #[must_use]
    pub fn lane_name(&self, kind: Kind, row: u32) -> Option<&str> {
        self.lanes.name(self.lane(kind, row))
    }

    /// Returns the number of runners of a kind.
    #[must_use]
    pub fn size(&self, kind: Kind) -> usize {
        self.fields[kind].size()
    }

    /// Returns the lanes in which runners of a kind race, with their sizes, ordered by number.
    pub fn lanes(&self, kind: Kind) -> impl Iterator<Item = (&str, usize)> {
        let lanes = self.fields[kind].lanes();
        lanes.filter_map(|(lane, size)| Some((self.lanes.name(lane)?, size)))
    }

    /// Returns the bytes held, approximately, without the names of the lanes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(_, field)| field.bytes()).sum();
        self.items.bytes()
            + size_of_val(self.merchants.as_slice())
            + size_of_val(self.creators.as_slice())
            + self.idf.bytes()
            + self
                .appeal
                .iter()
                .map(|(_, column)| size_of_val(column.as_slice()))
                .sum::<usize>()
            + size_of_val(self.conversion.as_slice())
            + self.corpus.bytes()
            + self.repeats.bytes()
            + fields
    }
}

/// Returns the column of one ratio of one kind.
fn appeal(kind: Kind, inputs: &Inputs, of: fn(&Evidence) -> [f64; 2]) -> Vec<f32> {
    let evidence = &inputs.evidence[kind];
    ratios(&inputs.runners[kind], evidence, inputs.lanes.len(), of)
}

/// Runs the race of one kind. Returns the place at which each runner's history opens, and the results.
fn race(kind: Kind, inputs: &Inputs, acquainted: &Acquainted) -> (Vec<u8>, Results) {
    let window = Window::ending(inputs.last_complete);
    let runners = &inputs.runners[kind];
    let openings: Vec<u8> = (0..runners.len())
        .map(|row| window.opening(inputs.start(kind, row)))
        .collect();
    let contest = Contest {
        kind,
        runners,
        openings: &openings,
        history: &inputs.sales,
        acquainted,
        window: &window,
    };
    let results = contest.run();
    (openings, results)
}

//! When each item of one user was bought, how often and for how much, by the place of its number.
//!
//! Most items are bought once: the mark of one purchase takes 8 bytes. What they do not hold stands in a second list, 16 bytes more.

use std::mem;

use serde::{Deserialize, Serialize};

use crate::clock::{SECOND, Time};
use crate::number::short;
use crate::prefetch::prefetch;

/// When an item was bought first and last, how often and for how much. Marks are joined in any order.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Mark {
    /// Second of the first purchase since 1970; `u32::MAX` without any.
    pub(super) first: u32,
    /// Second of the last purchase since 1970; 0 without any.
    pub(super) last: u32,
    /// Number of purchases that were not refunded in full.
    pub(super) count: i32,
    /// Money of the purchases, less refunds, in two halves, the lower one first: whole, it would take four bytes more.
    sum: [u32; 2],
}

impl Mark {
    /// The mark of a number of which nothing else is known.
    pub(super) const NONE: Self = Self {
        first: u32::MAX,
        last: 0,
        count: 0,
        sum: [0; 2],
    };

    /// Returns the mark of a purchase at an instant.
    pub(super) fn bought(at: Time, count: i32, sum: i64) -> Self {
        let second = second(at);
        Self {
            first: second,
            last: second,
            ..Self::changed(count, sum)
        }
    }

    /// Returns the mark of a refund, which changes neither the first nor the last purchase.
    pub(super) fn changed(count: i32, sum: i64) -> Self {
        Self {
            count,
            sum: halves(sum),
            ..Self::NONE
        }
    }

    /// Returns the mark of both.
    fn joined(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            count: self.count.saturating_add(other.count),
            sum: halves(self.sum().saturating_add(other.sum())),
        }
    }

    /// Returns the money of the purchases, less refunds, in millionths of the currency's unit.
    pub(super) fn sum(&self) -> i64 {
        let [low, high] = self.sum.map(u64::from);
        (high << u32::BITS | low).cast_signed()
    }
}

/// Returns the lower and the upper half of a number.
fn halves(number: i64) -> [u32; 2] {
    let number = number.cast_unsigned();
    [number & u64::from(u32::MAX), number >> u32::BITS].map(|half| u32::try_from(half).unwrap_or(0))
}

/// Returns the second of an instant since 1970; one out of range counts as the nearest.
fn second(at: Time) -> u32 {
    let second = at.millis().div_euclid(SECOND);
    u32::try_from(second.max(0)).unwrap_or(u32::MAX - 1)
}

/// Marks a place in the list of long marks.
const LONG: u32 = 1 << 31;
/// Bits of the digits of a short sum; those above them are its number of zeros, which decimal prices end in.
const DIGITS: u32 = 28;
/// Maximum number of zeros.
const ZEROS: u32 = 7;

/// One purchase whose money has few digits, or the first second of a long mark and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    /// Second of the first purchase since 1970; `u32::MAX` without any.
    pub(super) first: u32,
    sum_or_place: u32,
}

impl Short {
    /// Returns a mark that is short; `None` for one that is not.
    fn of(mark: &Mark) -> Option<Self> {
        let (mut digits, mut zeros) = (mark.sum(), 0);
        while digits >> DIGITS > 0 && digits % 10 == 0 && zeros < ZEROS {
            digits /= 10;
            zeros += 1;
        }
        let digits = u32::try_from(digits).ok()?;
        let is_short = mark.count == 1 && mark.first == mark.last && digits >> DIGITS == 0;
        is_short.then_some(Self {
            first: mark.first,
            sum_or_place: zeros << DIGITS | digits,
        })
    }

    /// Returns the one that names a long mark.
    fn long(mark: Mark, place: usize) -> Self {
        Self {
            first: mark.first,
            sum_or_place: LONG | short(place),
        }
    }

    /// Returns the place of the long mark, if it is one.
    #[inline(always)]
    fn place(self) -> Option<usize> {
        (self.sum_or_place & LONG != 0).then_some((self.sum_or_place & !LONG) as usize)
    }

    /// Returns the mark of one purchase.
    fn mark(self) -> Mark {
        let digits = i64::from(self.sum_or_place & ((1 << DIGITS) - 1));
        let zeros = self.sum_or_place >> DIGITS;
        Mark {
            first: self.first,
            last: self.first,
            count: 1,
            sum: halves(digits * 10_i64.pow(zeros)),
        }
    }
}

/// What a short mark does not hold.
#[derive(Clone, Copy, Debug)]
struct Long {
    last: u32,
    count: i32,
    sum: [u32; 2],
}

impl Long {
    fn of(mark: Mark) -> Self {
        Self {
            last: mark.last,
            count: mark.count,
            sum: mark.sum,
        }
    }
}

/// The marks of one user.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    shorts: Vec<Short>,
    /// In no particular order, each named by one short mark. A list without spare room: a header of every user is 8 bytes shorter.
    longs: Box<[Long]>,
}

impl Marks {
    /// Returns the number of marks.
    pub(super) fn len(&self) -> usize {
        self.shorts.len()
    }

    /// Prefetches the marks.
    pub(super) fn prefetch(&self) {
        prefetch(self.shorts.as_slice());
        prefetch(&*self.longs);
    }

    /// Returns the mark at a place.
    pub(super) fn get(&self, place: usize) -> Option<Mark> {
        self.shorts.get(place).map(|short| self.whole(*short))
    }

    /// Returns the marks in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Mark> {
        self.shorts.iter().map(|short| self.whole(*short))
    }

    /// Returns the marks in order, as they are held.
    pub(super) fn shorts(&self) -> &[Short] {
        &self.shorts
    }

    /// Returns the numbers of purchases that were not refunded in full, in order.
    pub(super) fn counts(&self) -> impl Iterator<Item = i32> {
        let counts = self.shorts.iter().map(|short| self.count_of_many(*short));
        counts.map(|count| count.unwrap_or(1))
    }

    /// Returns the number of a mark; `None` for a purchase that is the only one.
    #[inline(always)]
    pub(super) fn count_of_many(&self, short: Short) -> Option<i32> {
        self.long(short).map(|long| long.count)
    }

    /// Appends a mark, within a bound on their number.
    pub(super) fn push(&mut self, mark: Mark, bound: usize) {
        let short = Short::of(&mark).unwrap_or_else(|| self.lengthen(mark));
        grow(&mut self.shorts, bound);
        self.shorts.push(short);
    }

    /// Joins a mark into that at a place.
    pub(super) fn join(&mut self, place: usize, mark: Mark) {
        if let Some(known) = self.get(place) {
            self.set(place, known.joined(mark));
        }
    }

    /// Replaces the mark at a place.
    pub(super) fn set(&mut self, place: usize, mark: Mark) {
        let Some(known) = self.shorts.get(place) else {
            return;
        };
        let short = match (known.place(), Short::of(&mark)) {
            (Some(long), Some(short)) => {
                self.shorten(long);
                short
            }
            (Some(long), None) => {
                self.longs[long] = Long::of(mark);
                Short::long(mark, long)
            }
            (None, Some(short)) => short,
            (None, None) => self.lengthen(mark),
        };
        self.shorts[place] = short;
    }

    /// Adds a long mark. Returns the short one that names it.
    fn lengthen(&mut self, mark: Mark) -> Short {
        let mut longs = mem::take(&mut self.longs).into_vec();
        let short = Short::long(mark, longs.len());
        longs.reserve_exact(1);
        longs.push(Long::of(mark));
        self.longs = longs.into();
        short
    }

    /// Removes a long mark. The last one takes its place.
    fn shorten(&mut self, place: usize) {
        let mut longs = mem::take(&mut self.longs).into_vec();
        longs.swap_remove(place);
        let last = longs.len();
        self.longs = longs.into();
        let named = |short: &&mut Short| short.place() == Some(last);
        if let Some(moved) = self.shorts.iter_mut().find(named) {
            moved.sum_or_place = LONG | short(place);
        }
    }

    #[inline(always)]
    fn long(&self, short: Short) -> Option<&Long> {
        self.longs.get(short.place()?)
    }

    fn whole(&self, short: Short) -> Mark {
        match self.long(short) {
            Some(&Long { last, count, sum }) => Mark {
                first: short.first,
                last,
                count,
                sum,
            },
            None => short.mark(),
        }
    }

    /// Returns the bytes held on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.shorts.capacity() * size_of::<Short>() + size_of_val(&*self.longs)
    }
}

impl FromIterator<Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Self {
        let marks = marks.into_iter();
        let bound = marks.size_hint().0;
        let mut list = Self {
            shorts: Vec::with_capacity(bound),
            longs: Box::default(),
        };
        marks.for_each(|mark| list.push(mark, bound));
        list
    }
}

/// Makes room for one more: by half, never past the bound.
fn grow<T>(list: &mut Vec<T>, bound: usize) {
    let len = list.len();
    if len == list.capacity() {
        let most = bound.saturating_sub(len).max(1);
        list.reserve_exact((len / 2).clamp(1, most));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marks() -> impl Strategy<Value = Mark> {
        let sums = prop_oneof![
            -5_000_000..5_000_000_i64,
            (1..100_000_i64).prop_map(|cents| cents * 10_000),
            any::<i64>(),
        ];
        let seconds = || prop_oneof![0..3_u32, Just(u32::MAX)];
        (seconds(), seconds(), -1..3_i32, sums).prop_map(|(first, last, count, sum)| Mark {
            first,
            last,
            ..Mark::changed(count, sum)
        })
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn marks_agree_with_a_list(steps in prop::collection::vec((0usize..12, 0u8..3, marks()), 0..60)) {
            let (mut held, mut model) = (Marks::default(), Vec::<Mark>::new());
            for (place, step, mark) in steps {
                match step {
                    0 => {
                        held.push(mark, 60);
                        model.push(mark);
                    }
                    1 => {
                        held.join(place, mark);
                        model.get_mut(place).into_iter().for_each(|known| *known = known.joined(mark));
                    }
                    _ => {
                        held.set(place, mark);
                        model.get_mut(place).into_iter().for_each(|known| *known = mark);
                    }
                }
                let long = model.iter().filter(|mark| Short::of(mark).is_none()).count();
                prop_assert_eq!(held.longs.len(), long, "none is left over");
                prop_assert!(held.iter().eq(model.iter().copied()));
                prop_assert!(held.counts().eq(model.iter().map(|mark| mark.count)));
                prop_assert_eq!(held.get(model.len()), None);
            }
        }
    }

    #[test]
    fn one_purchase_at_a_decimal_price_is_short() {
        assert_eq!([size_of::<Short>(), size_of::<Long>()], [8, 16]);
        let is_short = |sum: i64| Short::of(&Mark::bought(Time::default(), 1, sum)).is_some();
        for sum in [
            0,
            19_990_000,
            1_234_567_890_000,
            200_000_000_000_000,
            268_435_455,
        ] {
            assert!(is_short(sum), "{sum}");
        }
        for sum in [-1, 268_435_457, 12_345_678_901, i64::MAX] {
            assert!(!is_short(sum), "{sum}");
        }
    }
}

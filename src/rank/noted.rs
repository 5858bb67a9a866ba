//! What the slate asks of every candidate, noted block by block while the candidates are scored: later their lines would have left the
//! nearest caches.

use super::contest::Contest;
use super::live::Live;
use super::resolve::Candidate;
use super::score::Scorer;
use super::slate::Group;
use super::support::Behind;
use super::takers::Takers;
use super::tracked::Tracked;
use super::view::View;

/// What was noted of the candidates of one request.
#[derive(Debug)]
pub(super) struct Noted<'a> {
    /// The rules that ask.
    pub(super) live: &'a Live<'a>,
    /// By slot of their plan.
    pub(super) contests: Vec<Contest<'a>>,
    /// `None` if no place is kept for runners behind their plan.
    behind: Option<Behind<'a>>,
    /// The candidates whose runner is behind its plan, by index, with the runner.
    pub(super) supported: Vec<(usize, Group)>,
    /// Number of candidates so far.
    seen: usize,
}

/// Returns who takes the columns of a block while it is scored.
pub(super) fn takers<'t, 'v, 'c>(
    noted: Option<&'t mut Noted<'c>>,
    tracked: Option<&'t mut Tracked<'v>>,
) -> Takers<'t, 'v, 'c> {
    let contests = noted.into_iter().flat_map(|noted| &mut noted.contests);
    Takers {
        tracked,
        slots: contests.filter_map(Contest::blended).collect(),
    }
}

impl<'a> Noted<'a> {
    /// Prepares to note what live rules ask of so many candidates; `None` if they do not arrange.
    pub(super) fn of(
        view: &'a View<'a>,
        live: Option<&'a Live<'a>>,
        (scorer, candidates): (&Scorer<'_>, usize),
    ) -> Option<Self> {
        let live = live.filter(|live| live.arranges)?;
        let supports = !live.plan.support.places.is_empty();
        let slots = live.plan.slots.iter().zip(&live.weights);
        let contests = slots.map(|((_, slot), weights)| {
            Contest::new(view, (slot, weights.as_ref()), (scorer, candidates))
        });
        Some(Self {
            live,
            contests: contests.collect(),
            behind: supports.then(|| Behind::new(view)),
            supported: Vec::new(),
            seen: 0,
        })
    }

    /// Notes a block of candidates that are scored.
    pub(super) fn note(&mut self, block: &[Candidate<'a>], scorer: &Scorer<'_>) {
        for contest in &mut self.contests {
            contest.score(block, scorer);
        }
        if let Some(behind) = self.behind {
            for (candidate, index) in block.iter().zip(self.seen..) {
                if let Some(runner) = behind.group(candidate.row, candidate.item) {
                    self.supported.push((index, runner));
                }
            }
        }
        self.seen += block.len();
    }
}

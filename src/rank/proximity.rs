//! The objective `proximity`: how near an item is to the place of the request, by distance if both have coordinates, else by region.

use super::BLOCK;
use super::lanes::LEAST_EXPONENT;
use super::resolve::Candidate;
use super::view::View;
use crate::derived::Point;
use crate::feature::Space;
use crate::id::TagId;
use crate::model::RankRequest;
use crate::number::narrow;
use crate::objective::Needs;
use crate::prefetch::prefetch;

/// Values of two regions, by the number of parts at the end of the longer one in which they differ.
const REGIONS: [f64; 4] = [1.0, 0.6, 0.3, 0.1];
/// Number of regions whose log₂ values are remembered while a block is filled.
const KNOWN: usize = 64;

/// The place of a request.
#[derive(Debug)]
pub(super) struct Here<'a> {
    view: &'a View<'a>,
    point: Point,
    region: Option<&'a str>,
}

/// How near an item is.
#[derive(Clone, Copy, Debug)]
enum Near<'a> {
    /// By distance, in kilometres.
    Km(f64),
    /// By the name of its region.
    Region(&'a str),
}

impl<'a> Here<'a> {
    /// Returns the place of a request, if an objective reads it and the request has one.
    pub(super) fn of(
        request: &'a RankRequest<'_>,
        view: &'a View<'a>,
        needs: Needs,
    ) -> Option<Self> {
        let context = request
            .context
            .as_ref()
            .filter(|_| needs.includes(Needs::PLACE))?;
        let here = Self {
            view,
            point: Point::at(context.lat, context.lon),
            region: context.region.as_deref(),
        };
        (here.point.is_some() || here.region.is_some()).then_some(here)
    }

    /// Fills in log₂ of the values of candidates, NaN for items without a place that can be compared.
    pub(super) fn fill(&self, candidates: &[Candidate<'_>], out: &mut [f32]) {
        if self.point.is_some() {
            self.fill_distances(candidates, out);
        } else {
            out.fill(f32::NAN);
        }
        if let Some(asked) = self.region {
            self.fill_regions(asked, candidates, out);
        }
    }

    /// Fills in what follows from distances, NaN for items without coordinates.
    fn fill_distances(&self, candidates: &[Candidate<'_>], out: &mut [f32]) {
        let places = self.view.places;
        let per_km = self.view.config.half_km.recip();
        for (block, out) in candidates.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
            let mut points = [&Point::NONE; BLOCK];
            for (point, candidate) in points.iter_mut().zip(block) {
                *point = places.get(candidate.row);
                prefetch(*point);
            }
            let (groups, _) = points.as_chunks();
            for (points, out) in groups.iter().zip(out.chunks_mut(Point::LANES)) {
                for (out, km) in out.iter_mut().zip(self.point.km(*points)) {
                    *out = narrow(-km * per_km).clamp(LEAST_EXPONENT, 0.0);
                }
            }
        }
    }

    /// Fills in what follows from regions where there is no distance.
    fn fill_regions(&self, asked: &str, candidates: &[Candidate<'_>], out: &mut [f32]) {
        let mut known = [(TagId::NONE, f32::NAN); KNOWN];
        let far = candidates.iter().zip(out).filter(|(_, out)| out.is_nan());
        for (candidate, out) in far {
            let region = self.region_of(candidate);
            let known = &mut known[region.index() % KNOWN];
            if known.0 != region {
                let name = self.view.tags.bare_name(Space::Region, region);
                let value = name.map(|name| similarity(asked, name));
                *known = (region, value.map_or(f32::NAN, exponent));
            }
            *out = known.1;
        }
    }

    /// Returns the kilometres to a candidate, or the value of its region; `None` if they cannot be compared.
    pub(super) fn raw(&self, candidate: &Candidate<'_>) -> Option<f64> {
        match self.near(candidate)? {
            Near::Km(km) => Some(km),
            Near::Region(name) => Some(similarity(self.region?, name)),
        }
    }

    /// Returns how near a candidate is, in words: "1.4 km away", "in CN-33, asked for CN-33-01".
    pub(super) fn reason(&self, candidate: &Candidate<'_>) -> Option<String> {
        Some(match self.near(candidate)? {
            Near::Km(km) => format!("{km:.1} km away"),
            Near::Region(name) => format!("in {name}, asked for {}", self.region?),
        })
    }

    fn near(&self, candidate: &Candidate<'_>) -> Option<Near<'a>> {
        let [km, ..] = self
            .point
            .km([self.view.places.get(candidate.row); Point::LANES]);
        if !km.is_nan() {
            return Some(Near::Km(km));
        }
        let region = self.region_of(candidate);
        let name = self.view.tags.bare_name(Space::Region, region)?;
        self.region.map(|_| Near::Region(name))
    }

    /// Returns the region of a candidate: its own, else that of its merchant.
    fn region_of(&self, candidate: &Candidate<'_>) -> TagId {
        let own = self.view.items.details(candidate.row).region;
        let merchant = || self.view.merchants.get(candidate.item.merchant.some()?);
        own.some()
            .or_else(|| merchant()?.region.some())
            .unwrap_or(TagId::NONE)
    }
}

/// Returns log₂ of a value, as far as the exponent of an `f32` goes.
fn exponent(value: f64) -> f32 {
    narrow(value.log2()).max(LEAST_EXPONENT)
}

/// Returns the value of two regions, by their parts between hyphens.
fn similarity(one: &str, other: &str) -> f64 {
    let count = |region: &str| region.split('-').count();
    let pairs = one.split('-').zip(other.split('-'));
    let same = pairs.take_while(|(a, b)| a == b).count();
    if same == 0 {
        return 0.0;
    }
    let differ = count(one).max(count(other)) - same;
    REGIONS.get(differ).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::similarity;

    #[test]
    fn regions_compare_by_their_first_parts() {
        let cases = [
            ("CN-33-01", "CN-33-01", 1.0),
            ("CN-33-01", "CN-33", 0.6),
            ("CN-33", "CN-33-01", 0.6),
            ("CN-33-01", "CN-33-02", 0.6),
            ("CN-33-01", "CN-44-01", 0.3),
            ("CN", "CN-33-01", 0.3),
            ("CN-33-01-02", "CN", 0.1),
            ("CN-33-01-02-7", "CN", 0.0),
            ("CN-33", "US-33", 0.0),
            ("CN", "CN", 1.0),
            ("Mars", "CN", 0.0),
            ("-33", "-44", 0.6),
            ("CNX-33", "CN-33", 0.0),
        ];
        for (one, other, right) in cases {
            assert!(
                (similarity(one, other) - right).abs() < 1e-12,
                "{one} {other}"
            );
        }
    }
}

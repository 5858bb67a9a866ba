//! Where items are: the coordinates that they declare, as unit vectors.
//!
//! The chord between two points of the unit sphere gives the same distance as the haversine formula, by one arcsine and without sines and
//! cosines of the item: d = 2·R·asin(|a − b|/2).

use wide::f64x4;

use crate::chunked::Chunked;
use crate::id::ItemRow;
use crate::model::Item;
use crate::telemetry::Size;

/// Mean radius of the earth in kilometres.
const RADIUS_KM: f64 = 6_371.0;

/// A point on the globe, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point([f64; 3]);

impl Point {
    /// No point: everything is NaN kilometres away from it.
    pub const NONE: Self = Self([f64::NAN; 3]);
    /// Number of distances that are computed at once.
    pub const LANES: usize = 4;

    /// Returns the point at a latitude and a longitude in degrees; none if one is missing.
    #[must_use]
    pub fn at(lat: Option<f64>, lon: Option<f64>) -> Self {
        let Some([lat, lon]) = lat
            .zip(lon)
            .map(|(lat, lon)| [lat, lon].map(f64::to_radians))
        else {
            return Self::NONE;
        };
        let around = lat.cos();
        Self([around * lon.cos(), around * lon.sin(), lat.sin()])
    }

    /// Returns the kilometres to other points, along the surface.
    #[inline(always)]
    #[must_use]
    pub fn km(self, others: [&Self; Self::LANES]) -> [f64; Self::LANES] {
        let [Self(a), Self(b), Self(c), Self(d)] = others;
        let square = |axis: usize| {
            let there = f64x4::new([a[axis], b[axis], c[axis], d[axis]]);
            let apart = there - f64x4::splat(self.0[axis]);
            apart * apart
        };
        let chord = (square(0) + square(1) + square(2)).sqrt();
        let half = chord * 0.5;
        let half = half.simd_gt(f64x4::ONE).select(f64x4::ONE, half);
        (half.asin() * (2.0 * RADIUS_KM)).to_array()
    }

    /// Returns whether it is a point at all.
    #[inline(always)]
    #[must_use]
    pub const fn is_some(self) -> bool {
        !self.0[0].is_nan()
    }
}

/// The points of all items that declare coordinates.
#[derive(Debug, Default)]
pub struct Places {
    /// By row; [`Point::NONE`] for an item without coordinates.
    points: Chunked<Point>,
    count: usize,
}

impl Places {
    /// Returns the point of an item; [`Point::NONE`] if it declares no coordinates.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, row: ItemRow) -> &Point {
        self.points.get(row.index()).unwrap_or(&Point::NONE)
    }

    /// Replaces the point of an item.
    pub(super) fn put(&mut self, row: ItemRow, point: Point) {
        let before = self.get(row).is_some();
        if !point.is_some() && !before {
            return;
        }
        self.points.fill(row.index() + 1, &Point::NONE);
        if let Some(place) = self.points.get_mut(row.index()) {
            *place = point;
        }
        self.count = self.count + usize::from(point.is_some()) - usize::from(before);
    }

    /// Reports the size, by its name in the metrics.
    pub(super) fn sizes(&self, report: &mut impl FnMut(&'static str, Size)) {
        let size = Size {
            entries: self.count,
            bytes: self.points.len() * size_of::<Point>(),
            evicted: 0,
        };
        report("item_places", size);
    }
}

/// Returns the point of an item.
pub(super) fn point(item: &Item<'_>) -> Point {
    Point::at(item.lat, item.lon)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the distance by the haversine formula.
    fn haversine([lat, lon]: [f64; 2], [other_lat, other_lon]: [f64; 2]) -> f64 {
        let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
        let around = lat.to_radians().cos() * other_lat.to_radians().cos();
        let h = half(lat, other_lat) + around * half(lon, other_lon);
        2.0 * RADIUS_KM * h.min(1.0).sqrt().asin()
    }

    #[test]
    fn distances_are_those_of_the_haversine_formula() {
        let places = [
            [30.27, 120.15],
            [30.2, 120.1],
            [30.270_01, 120.15],
            [31.23, 121.47],
            [40.71, -74.01],
            [90.0, 0.0],
            [-90.0, 77.0],
            [0.0, 180.0],
            [0.0, -180.0],
            [-30.27, -59.85],
        ];
        for one in places {
            for other in places {
                let [a, b] = [one, other].map(|[lat, lon]| Point::at(Some(lat), Some(lon)));
                let ([km, none, ..], right) =
                    (a.km([&b, &Point::NONE, &a, &b]), haversine(one, other));
                assert!(none.is_nan());
                // Near the antipode a millionth of a degree is lost by both formulas.
                assert!(
                    (km - right).abs() < 1e-7 * (1.0 + right),
                    "{one:?} {other:?}: {km} {right}"
                );
            }
        }
        let [hangzhou, near] =
            [(30.27, 120.15), (30.2, 120.1)].map(|(lat, lon)| Point::at(Some(lat), Some(lon)));
        for km in hangzhou.km([&near; Point::LANES]) {
            assert!((km - 9.146_483).abs() < 1e-5, "{km}");
        }
    }

    #[test]
    fn half_a_coordinate_is_none() {
        assert!(!Point::at(Some(1.0), None).is_some());
        assert!(!Point::at(None, Some(1.0)).is_some());
    }

    #[test]
    fn points_are_kept_by_row() {
        let (mut places, point) = (Places::default(), Point::at(Some(1.0), Some(2.0)));
        places.put(ItemRow(3), Point::NONE);
        assert_eq!(places.points.len(), 0);
        places.put(ItemRow(3), point);
        places.put(ItemRow(1), point);
        places.put(ItemRow(3), Point::NONE);
        assert_eq!(
            [0, 1, 2, 3, 4].map(|row| places.get(ItemRow(row)).is_some()),
            [false, true, false, false, false]
        );
        assert_eq!(places.count, 1);
    }
}

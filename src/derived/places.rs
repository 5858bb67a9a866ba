//! Where items are: the coordinates that they declare, as unit vectors.
//!
//! The chord between two points of the unit sphere gives the same distance as the haversine formula, by one arcsine and without sines and
//! cosines of the item: d = 2·R·asin(|a − b|/2).

use crate::chunked::Chunked;
use crate::id::ItemRow;
use crate::model::Item;
use crate::prefetch::prefetch;
use crate::telemetry::Size;

/// Mean radius of the earth in kilometres.
const RADIUS_KM: f64 = 6_371.0;

/// A point on the globe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point([f64; 3]);

impl Point {
    /// No point.
    const NONE: Self = Self([f64::NAN; 3]);

    /// Returns the point at a latitude and a longitude in degrees; `None` if one is missing.
    #[must_use]
    pub fn at(lat: Option<f64>, lon: Option<f64>) -> Option<Self> {
        let (lat, lon) = (lat?.to_radians(), lon?.to_radians());
        let around = lat.cos();
        Some(Self([around * lon.cos(), around * lon.sin(), lat.sin()]))
    }

    /// Returns the kilometres to another point, along the surface.
    #[inline(always)]
    #[must_use]
    pub fn km(self, other: Self) -> f64 {
        let square: f64 = std::iter::zip(self.0, other.0)
            .map(|(a, b)| (a - b) * (a - b))
            .sum();
        2.0 * RADIUS_KM * asin((square.sqrt() / 2.0).min(1.0))
    }
}

/// Returns the arcsine of a number from 0 to 1. Up to 1/32, which is 398 km, by the first terms of its series: the next would be below
/// 2⁻⁵⁵ of the result.
#[inline(always)]
fn asin(x: f64) -> f64 {
    if x > 0.031_25 {
        return x.asin();
    }
    let square = x * x;
    let terms = 15.0 / 336.0 + square * (105.0 / 3_456.0);
    x * (1.0 + square * (1.0 / 6.0 + square * (3.0 / 40.0 + square * terms)))
}

/// The points of all items that declare coordinates.
#[derive(Debug, Default)]
pub struct Places {
    /// By row; [`Point::NONE`] for an item without coordinates.
    points: Chunked<Point>,
    count: usize,
}

impl Places {
    /// Returns the point of an item; `None` if it declares no coordinates.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, row: ItemRow) -> Option<Point> {
        let point = self.points.get(row.index()).copied();
        point.filter(|point| !point.0[0].is_nan())
    }

    /// Prefetches the point of an item.
    #[inline(always)]
    pub fn prefetch(&self, row: ItemRow) {
        if let Some(point) = self.points.get(row.index()) {
            prefetch(point);
        }
    }

    /// Replaces the point of an item.
    pub(super) fn put(&mut self, row: ItemRow, point: Option<Point>) {
        let before = self.get(row).is_some();
        if point.is_none() && !before {
            return;
        }
        self.points.fill(row.index() + 1, &Point::NONE);
        if let Some(place) = self.points.get_mut(row.index()) {
            *place = point.unwrap_or(Point::NONE);
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
pub(super) fn point(item: &Item<'_>) -> Option<Point> {
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
                let [a, b] =
                    [one, other].map(|[lat, lon]| Point::at(Some(lat), Some(lon)).unwrap());
                let (km, right) = (a.km(b), haversine(one, other));
                // Near the antipode a millionth of a degree is lost by both formulas.
                assert!(
                    (km - right).abs() < 1e-7 * (1.0 + right),
                    "{one:?} {other:?}: {km} {right}"
                );
            }
        }
        let [hangzhou, near] = [(30.27, 120.15), (30.2, 120.1)]
            .map(|(lat, lon)| Point::at(Some(lat), Some(lon)).unwrap());
        assert!(
            (hangzhou.km(near) - 9.146_483).abs() < 1e-5,
            "{}",
            hangzhou.km(near)
        );
    }

    #[test]
    fn half_a_coordinate_is_none() {
        assert_eq!(Point::at(Some(1.0), None), None);
        assert_eq!(Point::at(None, Some(1.0)), None);
    }

    #[test]
    fn points_are_kept_by_row() {
        let (mut places, point) = (Places::default(), Point::at(Some(1.0), Some(2.0)));
        places.put(ItemRow(3), None);
        assert_eq!(places.points.len(), 0);
        places.put(ItemRow(3), point);
        places.put(ItemRow(1), point);
        places.put(ItemRow(3), None);
        assert_eq!(
            [0, 1, 2, 3, 4].map(|row| places.get(ItemRow(row)).is_some()),
            [false, true, false, false, false]
        );
        assert_eq!(places.count, 1);
    }

    #[test]
    fn the_series_of_the_arcsine_is_exact() {
        for step in 0..4_000 {
            let x = f64::from(step) / 100_000.0;
            assert!((asin(x) - x.asin()).abs() <= 2.0 * f64::EPSILON * x, "{x}");
        }
    }
}

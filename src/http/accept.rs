//! The media type of an answer, by the header `Accept` (RFC 9110, 12.5.1).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// Maximum number of ranges that are read; a client that sends more is served by the first ones.
const MOST: usize = 64;

/// Returns the first of the media types that the client likes best; `None` if it accepts none of them. A client that does not say
/// accepts all.
pub(super) fn preferred(headers: &HeaderMap, offered: &[&'static str]) -> Option<&'static str> {
    let values = headers.get_all(ACCEPT).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let ranges = texts.flat_map(|text| text.split(','));
    let ranges = ranges.map(str::trim).filter(|range| !range.is_empty());
    let ranges: Vec<Range<'_>> = ranges.take(MOST).map(Range::read).collect();
    if ranges.is_empty() {
        return offered.first().copied();
    }
    let liked = offered
        .iter()
        .map(|media| (quality(&ranges, media), *media));
    let mut best = (0, None);
    for (quality, media) in liked {
        if quality > best.0 {
            best = (quality, Some(media));
        }
    }
    best.1
}

/// Returns the quality of a media type, in thousandths: that of the most specific range that has it.
fn quality(ranges: &[Range<'_>], media: &str) -> u16 {
    let fitting = ranges
        .iter()
        .filter_map(|range| Some((range.fits(media)?, range.quality)));
    let best = fitting.max_by_key(|(specific, _)| *specific);
    best.map_or(0, |(_, quality)| quality)
}

/// One range of media types with its quality.
struct Range<'h> {
    media: &'h str,
    /// In thousandths.
    quality: u16,
}

impl<'h> Range<'h> {
    fn read(text: &'h str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("q")
                .then(|| thousandths(value.trim()))
        });
        Self {
            media,
            quality: quality.unwrap_or(1_000),
        }
    }

    /// Returns how specific the range is for a media type; `None` if the type is not in it.
    fn fits(&self, media: &str) -> Option<u8> {
        if self.media.eq_ignore_ascii_case(media) {
            return Some(2);
        }
        let of_group = self.media.strip_suffix("/*")?;
        if of_group == "*" {
            return Some(0);
        }
        let group = media.split('/').next().unwrap_or_default();
        of_group.eq_ignore_ascii_case(group).then_some(1)
    }
}

/// Reads a quality such as 0.8; one that cannot be read is 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is in [0, 1000]"
)]
fn thousandths(text: &str) -> u16 {
    let quality = text.parse::<f64>().ok().filter(|quality| !quality.is_nan());
    (quality.unwrap_or(1.0).clamp(0.0, 1.0) * 1e3).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_decides() {
        let offered = ["application/json", "text/markdown"];
        let of = |accept: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, value.parse().unwrap());
            }
            preferred(&headers, &offered)
        };
        for (accept, right) in [
            (&[][..], Some("application/json")),
            (&["*/*"], Some("application/json")),
            (&["text/markdown"], Some("text/markdown")),
            (
                &["text/*;q=0.5, application/json;q=0.4"],
                Some("text/markdown"),
            ),
            (&["text/markdown;q=0.1, */*"], Some("application/json")),
            (&["application/json;q=0, */*;q=0.1"], Some("text/markdown")),
            (
                &["text/html", "Text/Markdown ; charset=utf-8"],
                Some("text/markdown"),
            ),
            (&["text/html, image/*"], None),
            (&["application/json; q=0"], None),
            (&["application/json;q=nonsense"], Some("application/json")),
            (&[" , "], Some("application/json")),
        ] {
            assert_eq!(of(accept), right, "{accept:?}");
        }
    }
}

//! Columns: one number a candidate, in the order of the request.
//!
//! On the wire a column is base64 of little-endian bytes, `f32` or `f64`, or one number if all are the same; null if all are missing.
//! Missing is NaN. Bytes keep every bit, which decimals do not promise.

use std::fmt;
use std::sync::LazyLock;

use base64::engine::Simd;
use base64::engine::general_purpose::PAD;
use base64::{Engine as _, encoded_len};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::number::{narrow, real};

/// A column of `f32`.
#[derive(Clone, Debug)]
pub enum Column {
    /// All candidates have this number.
    Same(f32),
    /// One number a candidate.
    Each(Box<[f32]>),
}

/// A column of `f64`, for the caller's own numbers.
#[derive(Clone, Debug)]
pub enum Numbers {
    /// All candidates have this number.
    Same(f64),
    /// One number a candidate.
    Each(Box<[f64]>),
}

/// A column of indices, written as base64 of bytes, of 16 or of 32 bits, whichever the largest needs; the largest number of that width is
/// none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indices(pub Box<[Option<u32>]>);

/// A single `f64` that is written as text, so that it is read back bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exact(pub f64);

impl Default for Column {
    fn default() -> Self {
        Self::Same(f32::NAN)
    }
}

impl Column {
    /// Creates the column of some numbers.
    #[must_use]
    pub fn new(numbers: Vec<f32>) -> Self {
        match numbers.split_first() {
            None => Self::default(),
            Some((first, rest)) => {
                // Without an early exit, the loop is vectorised.
                let others = rest.iter().map(|it| it.to_bits() ^ first.to_bits());
                match others.fold(0, |all, other| all | other) {
                    0 => Self::Same(*first),
                    _ => Self::Each(numbers.into()),
                }
            }
        }
    }

    /// Returns the number of a candidate; NaN beyond the column.
    #[inline]
    #[must_use]
    pub fn get(&self, candidate: usize) -> f32 {
        match self {
            Self::Same(number) => *number,
            Self::Each(numbers) => numbers.get(candidate).copied().unwrap_or(f32::NAN),
        }
    }

    /// Returns the bytes held on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Same(_) => 0,
            Self::Each(numbers) => size_of_val(&**numbers),
        }
    }
}

impl Numbers {
    /// Creates the column of some numbers.
    #[must_use]
    pub fn new(numbers: Vec<f64>) -> Self {
        match numbers.split_first() {
            None => Self::Same(f64::NAN),
            Some((first, rest)) if rest.iter().all(|it| it.to_bits() == first.to_bits()) => {
                // One decimal number might lose a bit.
                if first.is_nan() || first.fract() == 0.0 {
                    Self::Same(*first)
                } else {
                    Self::Each(numbers.into())
                }
            }
            Some(_) => Self::Each(numbers.into()),
        }
    }

    /// Returns the number of a candidate; NaN beyond the column.
    #[must_use]
    pub fn get(&self, candidate: usize) -> f64 {
        match self {
            Self::Same(number) => *number,
            Self::Each(numbers) => numbers.get(candidate).copied().unwrap_or(f64::NAN),
        }
    }

    /// Returns the bytes held on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Same(_) => 0,
            Self::Each(numbers) => size_of_val(&**numbers),
        }
    }
}

/// The engine of base64.
static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

/// Writes the bytes of numbers as base64, after an opening quote.
fn base64<const N: usize>(out: &mut Vec<u8>, quote: &str, numbers: impl Iterator<Item = [u8; N]>) {
    let bytes: Vec<[u8; N]> = numbers.collect();
    let bytes = bytes.as_flattened();
    out.extend_from_slice(quote.as_bytes());
    let start = out.len();
    out.resize(start + encoded_len(bytes.len(), true).unwrap_or(0), 0);
    // The room is that of the text.
    let _ = BASE64.encode_slice(bytes, &mut out[start..]);
    out.push(b'"');
}

/// Writes one number, null for NaN.
fn same(out: &mut Vec<u8>, number: impl Serialize) {
    // Writing a number to a vector does not fail.
    let _ = serde_json::to_writer(out, &number);
}

impl Column {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Same(number) => same(out, number),
            Self::Each(numbers) => base64(out, "\"", numbers.iter().map(|it| it.to_le_bytes())),
        }
    }
}

impl Numbers {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Same(number) => same(out, number),
            Self::Each(numbers) => base64(out, "\"", numbers.iter().map(|it| it.to_le_bytes())),
        }
    }
}

/// What a column is read from.
enum Given {
    Number(f64),
    Bytes(Vec<u8>),
}

struct GivenVisitor;

impl Visitor<'_> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64, a number or null")
    }

    fn visit_unit<E: Error>(self) -> Result<Given, E> {
        Ok(Given::Number(f64::NAN))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Given, E> {
        Ok(Given::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Given, E> {
        Ok(Given::Number(real(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Given, E> {
        Ok(Given::Number(crate::number::span(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Given, E> {
        BASE64.decode(text).map(Given::Bytes).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(GivenVisitor)? {
            Given::Number(number) => Self::Same(narrow(number)),
            Given::Bytes(bytes) => {
                let (numbers, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(D::Error::custom(
                        "the bytes of a column end within a number",
                    ));
                }
                Self::Each(numbers.iter().map(|it| f32::from_le_bytes(*it)).collect())
            }
        })
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(GivenVisitor)? {
            Given::Number(number) => Self::Same(number),
            Given::Bytes(bytes) => {
                let (numbers, rest) = bytes.as_chunks::<8>();
                if !rest.is_empty() {
                    return Err(D::Error::custom(
                        "the bytes of a column end within a number",
                    ));
                }
                Self::Each(numbers.iter().map(|it| f64::from_le_bytes(*it)).collect())
            }
        })
    }
}

impl Indices {
    /// Returns the bytes held on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// Writes the bytes of every index, as many as the largest needs, and before them how many.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let each = self.0.iter().map(|it| it.unwrap_or(0));
        let largest = each.fold(0, u32::max);
        let each = self.0.iter().map(|it| it.unwrap_or(u32::MAX).to_le_bytes());
        match largest {
            ..0xff => base64(out, "\"1:", each.map(|[a, ..]| [a])),
            0xff..0xffff => base64(out, "\"2:", each.map(|[a, b, ..]| [a, b])),
            _ => base64(out, "\"4:", each),
        }
    }
}

impl<'de> Deserialize<'de> for Indices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let wrong = || D::Error::custom("must be a width of 1, 2 or 4, a colon, and base64");
        let (width, base64) = text.split_once(':').ok_or_else(wrong)?;
        let bytes = BASE64.decode(base64).map_err(D::Error::custom)?;
        let width: usize = match width {
            "1" => 1,
            "2" => 2,
            "4" => 4,
            _ => return Err(wrong()),
        };
        let number = |part: &[u8]| {
            let is_none = part.iter().all(|byte| *byte == 0xff);
            let number = part.iter().rev();
            let number = number.fold(0, |number, byte| number << 8 | u32::from(*byte));
            (!is_none).then_some(number)
        };
        Ok(Self(bytes.chunks_exact(width).map(number).collect()))
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_keep_every_bit() {
        let all = [
            vec![0.1, f32::NAN, -0.0, 1.0],
            vec![0.25; 3],
            vec![f32::NAN; 3],
            vec![0.1; 2],
        ];
        for numbers in all {
            let json = written(|out| Column::new(numbers.clone()).write(out));
            let back: Column = serde_json::from_str(&json).unwrap();
            for (place, number) in numbers.iter().enumerate() {
                let read = back.get(place);
                let same = read.to_bits() == number.to_bits() || read.is_nan() && number.is_nan();
                assert!(same, "{json}");
            }
        }
        assert_eq!(written(|out| Column::new(vec![0.25; 3]).write(out)), "0.25");
        assert_eq!(written(|out| Column::default().write(out)), "null");
    }

    #[test]
    fn numbers_keep_every_bit() {
        for numbers in [vec![0.1, f64::NAN, 1e300], vec![0.1; 3], vec![2.0; 3]] {
            let json = written(|out| Numbers::new(numbers.clone()).write(out));
            let back: Numbers = serde_json::from_str(&json).unwrap();
            for (place, number) in numbers.iter().enumerate() {
                let read = back.get(place);
                assert!(read.to_bits() == number.to_bits() || read.is_nan() && number.is_nan());
            }
        }
        let exact = Exact(0.1 + 0.2);
        let json = serde_json::to_string(&exact).unwrap();
        assert_eq!(serde_json::from_str::<Exact>(&json).unwrap(), exact);
    }

    #[test]
    fn indices_are_as_wide_as_they_need() {
        for (largest, width) in [
            (3, "\"1:"),
            (254, "\"1:"),
            (255, "\"2:"),
            (65_534, "\"2:"),
            (65_535, "\"4:"),
        ] {
            let indices = Indices([Some(0), None, Some(largest)].into());
            let json = written(|out| indices.write(out));
            assert!(json.starts_with(width), "{largest}: {json}");
            assert_eq!(serde_json::from_str::<Indices>(&json).unwrap(), indices);
        }
        assert!(serde_json::from_str::<Indices>("\"3:AAAA\"").is_err());
    }

    #[test]
    fn a_torn_column_is_a_fault() {
        assert!(serde_json::from_str::<Column>("\"AAAA\"").is_err());
        assert!(serde_json::from_str::<Column>("\"not base64!\"").is_err());
        assert!(serde_json::from_str::<Column>("true").is_err());
    }
}

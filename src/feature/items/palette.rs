//! Tags packed into one `u32` each: the tag's number, and the code of its weight in a palette of the distinct weights in use.
//!
//! Tags of an item that don't fit (over eleven, a number over 24 bits, or a full palette) are kept beside its line, exactly.

use std::collections::HashMap;

use crate::id::TagId;

/// Maximum number of tags of a line.
pub(super) const TAGS: usize = 11;
/// Fills the slots of a line that has room for more tags: no tag, with weight 0.
pub(super) const BLANK: u32 = 0;
const PALETTE: usize = 256;
/// Bits of a packed tag that are the tag's number; the others are the weight's code.
const TAG_BITS: u32 = 24;
pub(super) const TAG_MASK: u32 = (1 << TAG_BITS) - 1;

/// The first 256 distinct tag weights in use. The first is 0, that of no tag.
#[derive(Debug)]
pub(super) struct Palette {
    /// Each weight and its square.
    weights: Box<[[f32; 2]; PALETTE]>,
    codes: HashMap<u32, u8>,
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            weights: Box::new([[0.0; 2]; PALETTE]),
            codes: HashMap::from([(0, 0)]),
        }
    }
}

impl Palette {
    /// Packs the tags of a line; `None` if they don't fit.
    pub(super) fn pack(&mut self, tags: &[(TagId, f32)]) -> Option<[u32; TAGS]> {
        if tags.len() > TAGS {
            return None;
        }
        let mut line = [BLANK; TAGS];
        for (slot, &(tag, weight)) in line.iter_mut().zip(tags) {
            let code = self.code(weight).filter(|_| tag.0 <= TAG_MASK)?;
            *slot = u32::from(code) << TAG_BITS | tag.0;
        }
        Some(line)
    }

    /// Returns the weight of a packed tag, and its square.
    #[inline(always)]
    pub(super) fn weight(&self, packed: u32) -> [f32; 2] {
        self.weights[(packed >> TAG_BITS) as usize]
    }

    /// Returns the weights in use without that of no tag, in the order of their codes.
    pub(super) fn in_use(&self) -> impl Iterator<Item = f32> {
        let weights = self.weights.iter().take(self.codes.len());
        weights.skip(1).map(|[weight, _]| *weight)
    }

    /// Returns the code of a weight, which gets one if the palette has room.
    pub(super) fn code(&mut self, weight: f32) -> Option<u8> {
        if let Some(&code) = self.codes.get(&weight.to_bits()) {
            return Some(code);
        }
        let code = u8::try_from(self.codes.len()).ok()?;
        self.weights[usize::from(code)] = [weight, weight * weight];
        self.codes.insert(weight.to_bits(), code);
        Some(code)
    }
}

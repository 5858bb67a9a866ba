//! The encoding of one record.

/// Number of bytes before the content.
pub(super) const HEAD: usize = 16;
/// Maximum number of bytes of content.
pub(super) const MOST: usize = 1 << 30;

/// The whole records before one that is being appended; cuts that one off if its content panics.
struct Whole<'b> {
    bytes: &'b mut Vec<u8>,
    length: usize,
}

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        self.bytes.truncate(self.length);
    }
}

/// Appends a record with the content that `write` appends. If that panics, nothing is appended.
pub(super) fn append(bytes: &mut Vec<u8>, sequence: u64, write: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    let mut whole = Whole {
        bytes,
        length: start,
    };
    whole.bytes.extend_from_slice(&[0; HEAD]);
    write(whole.bytes);
    whole.length = whole.bytes.len();
    let record = &mut whole.bytes[start..];
    let length = u32::try_from(record.len() - HEAD).unwrap_or(u32::MAX);
    record[..4].copy_from_slice(&length.to_le_bytes());
    record[8..HEAD].copy_from_slice(&sequence.to_le_bytes());
    let sum = checksum(record);
    record[4..8].copy_from_slice(&sum.to_le_bytes());
}

fn checksum(record: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&record[..4]);
    sum.update(&record[8..]);
    sum.finalize()
}

/// The result of reading the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A whole record.
    Record {
        /// Its sequence.
        sequence: u64,
        /// Its content.
        content: &'a [u8],
    },
    /// There are no more bytes.
    End,
    /// Not a record, with the reason.
    Bad(&'static str),
}

/// Reads the record at the beginning of some bytes.
pub(super) fn read(bytes: &[u8]) -> Found<'_> {
    if bytes.is_empty() {
        return Found::End;
    }
    let Some((length, sequence)) = head(bytes) else {
        return Found::Bad("the head of a record is incomplete");
    };
    if length > MOST {
        return Found::Bad("the length of a record exceeds the maximum");
    }
    let Some(record) = bytes.get(..HEAD + length) else {
        return Found::Bad("a record is incomplete");
    };
    if record[4..8] != checksum(record).to_le_bytes() {
        return Found::Bad("the checksum of a record does not match");
    }
    let content = &record[HEAD..];
    Found::Record { sequence, content }
}

/// Returns the length and the sequence of a head.
fn head(bytes: &[u8]) -> Option<(usize, u64)> {
    let (length, _) = bytes.split_first_chunk::<4>()?;
    let (sequence, _) = bytes.get(8..)?.split_first_chunk::<8>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    Some((length, u64::from_le_bytes(*sequence)))
}

/// Returns the offset of a whole record with a sequence after `last`, if there is any: then the bytes before it are damaged, not torn.
pub(super) fn later(bytes: &[u8], last: u64) -> Option<usize> {
    let reach = last.saturating_add(1 + (bytes.len() / HEAD) as u64);
    (1..bytes.len()).find(|&at| {
        let follows = head(&bytes[at..]).is_some_and(|(_, it)| it > last && it <= reach);
        follows && matches!(read(&bytes[at..]), Found::Record { .. })
    })
}

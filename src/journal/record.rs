//! One record: how it is written, and what is found when it is read.

/// Bytes before the content.
pub(super) const HEAD: usize = 16;
/// The most bytes of content that a record may have.
pub(super) const MOST: usize = 1 << 30;

/// Appends a record whose content is what `write` appends.
pub(super) fn append(bytes: &mut Vec<u8>, sequence: u64, write: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; HEAD]);
    write(bytes);
    let record = &mut bytes[start..];
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

/// What stands at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A whole record.
    Record {
        /// Its sequence.
        sequence: u64,
        /// Its content.
        content: &'a [u8],
    },
    /// Nothing: the bytes are at their end.
    End,
    /// Something that is no record.
    Bad(&'static str),
}

/// Reads the record at the beginning of some bytes.
pub(super) fn read(bytes: &[u8]) -> Found<'_> {
    if bytes.is_empty() {
        return Found::End;
    }
    let Some((length, sequence)) = head(bytes) else {
        return Found::Bad("the head of a record breaks off");
    };
    if length > MOST {
        return Found::Bad("a record says that it is longer than any may be");
    }
    let Some(record) = bytes.get(..HEAD + length) else {
        return Found::Bad("a record breaks off");
    };
    if record[4..8] != checksum(record).to_le_bytes() {
        return Found::Bad("the checksum of a record does not match");
    }
    let content = &record[HEAD..];
    Found::Record { sequence, content }
}

/// The length and the sequence that a head gives.
fn head(bytes: &[u8]) -> Option<(usize, u64)> {
    let (length, _) = bytes.split_first_chunk::<4>()?;
    let (sequence, _) = bytes.get(8..)?.split_first_chunk::<8>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    Some((length, u64::from_le_bytes(*sequence)))
}

/// The place of a whole record that comes somewhere after `last` in these bytes: what stands before it was not torn, but damaged.
pub(super) fn later(bytes: &[u8], last: u64) -> Option<usize> {
    let reach = last.saturating_add(1 + (bytes.len() / HEAD) as u64);
    (1..bytes.len()).find(|&at| {
        let follows = head(&bytes[at..]).is_some_and(|(_, it)| it > last && it <= reach);
        follows && matches!(read(&bytes[at..]), Found::Record { .. })
    })
}

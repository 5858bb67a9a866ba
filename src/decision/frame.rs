//! Frames: the records of about one second as lines of JSON, compressed by zstd with a checksum.
//!
//! Frames follow each other without anything between them, so a file of frames is a zstd file. A damaged frame is found by its checksum,
//! and the next one by the four bytes with which every frame begins.

use std::fmt;
use std::io::{self, Read};

use zstd::bulk::Compressor;

/// The bytes with which a frame begins.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Level of the compression: level 3 saves a twentieth of the bytes and takes half as long again.
const LEVEL: i32 = 1;
/// Maximum number of bytes of the lines of a frame that a reader accepts.
const MOST: u64 = 256 << 20;

/// A damaged frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("frame {frame} at byte {offset} is damaged: {what}")]
pub struct Damage {
    /// The frame, from 1.
    pub frame: usize,
    /// Its first byte in the file.
    pub offset: usize,
    /// The fault in words.
    pub what: String,
}

/// Makes frames. The tables of the compression are made once.
pub(super) struct Packer(Compressor<'static>);

impl Packer {
    pub(super) fn new() -> io::Result<Self> {
        let mut compressor = Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        Ok(Self(compressor))
    }

    /// Returns some lines as a frame.
    pub(super) fn pack(&mut self, lines: &[u8]) -> io::Result<Vec<u8>> {
        self.0.compress(lines)
    }
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packer")
    }
}

/// The frames of a file, one after the other.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    file: &'a [u8],
    offset: usize,
    frame: usize,
}

impl<'a> Frames<'a> {
    pub(super) const fn new(file: &'a [u8]) -> Self {
        Self {
            file,
            offset: 0,
            frame: 0,
        }
    }

    /// Returns the start of the first frame from a byte on; the end of the file if there is none.
    fn next_start(&self, from: usize) -> usize {
        let rest = self.file.get(from..).unwrap_or_default();
        memchr::memmem::find(rest, &MAGIC).map_or(self.file.len(), |at| from + at)
    }

    fn unpack(&self) -> Result<(usize, Vec<u8>), String> {
        let rest = &self.file[self.offset..];
        let size = zstd::zstd_safe::find_frame_compressed_size(rest);
        let size = size.map_err(|code| zstd::zstd_safe::get_error_name(code).to_owned())?;
        let frame = rest.get(..size).ok_or("it is cut off")?;
        let mut lines = Vec::new();
        let decoder = zstd::stream::Decoder::with_buffer(frame).map_err(|it| it.to_string())?;
        let read = decoder.take(MOST + 1).read_to_end(&mut lines);
        read.map_err(|error| error.to_string())?;
        if lines.len() as u64 > MOST {
            return Err(format!("it has more than {} MiB", MOST >> 20));
        }
        Ok((size, lines))
    }
}

impl Iterator for Frames<'_> {
    type Item = Result<Vec<u8>, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.offset >= self.file.len() {
            return None;
        }
        self.frame += 1;
        match self.unpack() {
            Ok((size, lines)) => {
                self.offset += size;
                Some(Ok(lines))
            }
            Err(what) => {
                let damage = Damage {
                    frame: self.frame,
                    offset: self.offset,
                    what,
                };
                self.offset = self.next_start(self.offset + 1);
                Some(Err(damage))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (Vec<u8>, Vec<usize>) {
        let (mut file, mut starts) = (Vec::new(), Vec::new());
        let mut packer = Packer::new().unwrap();
        for number in 0..3 {
            starts.push(file.len());
            let line = format!("{{\"line\":{number},\"text\":\"{}\"}}\n", "x".repeat(100));
            file.extend(packer.pack(line.as_bytes()).unwrap());
        }
        (file, starts)
    }

    #[test]
    fn frames_are_read_in_order() {
        let (file, _) = file();
        let lines: Vec<_> = Frames::new(&file).map(Result::unwrap).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with(b"{\"line\":1"));
        let whole = zstd::stream::decode_all(file.as_slice()).unwrap();
        assert_eq!(whole, lines.concat(), "a file is a zstd file");
    }

    #[test]
    fn a_flipped_byte_costs_one_frame() {
        let (file, starts) = file();
        for at in starts[1]..starts[2] {
            let mut file = file.clone();
            file[at] ^= 0x41;
            let read: Vec<_> = Frames::new(&file).collect();
            let good: Vec<_> = read.iter().filter_map(|it| it.as_ref().ok()).collect();
            assert!(good.first().unwrap().starts_with(b"{\"line\":0"), "{at}");
            assert!(good.last().unwrap().starts_with(b"{\"line\":2"), "{at}");
            let damage = read.iter().find_map(|it| it.as_ref().err()).unwrap();
            assert_eq!((damage.frame, damage.offset), (2, starts[1]), "{at}");
        }
    }

    #[test]
    fn a_torn_file_ends_with_damage() {
        let (file, starts) = file();
        for end in starts[2] + 1..file.len() {
            let read: Vec<_> = Frames::new(&file[..end]).collect();
            assert_eq!(read.len(), 3);
            assert_eq!(read[2].as_ref().unwrap_err().frame, 3, "{end}");
        }
        for rubbish in [&b""[..], b"no zstd at all", &[0; 100]] {
            assert!(Frames::new(rubbish).all(|it| it.is_err()));
        }
    }
}

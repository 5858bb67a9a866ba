//! The body of a request.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON value.
    Json,
    /// One JSON object per line, sent compressed.
    Lines,
}

impl Format {
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/x-ndjson",
        }
    }
}

/// Returns the bytes to send, compressed if the format is [`Format::Lines`].
pub(super) fn pack(body: &[u8], format: Format) -> io::Result<Vec<u8>> {
    match format {
        Format::Json => Ok(body.to_vec()),
        Format::Lines => {
            let mut packer =
                GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
            packer.write_all(body)?;
            packer.finish()
        }
    }
}

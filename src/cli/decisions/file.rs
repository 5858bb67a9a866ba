//! `--out`: a Parquet file of decisions, if the program can write one.

#[cfg(feature = "parquet")]
mod rows;

#[cfg(feature = "parquet")]
pub(super) use rows::Export;

#[cfg(not(feature = "parquet"))]
pub(super) use without::Export;

#[cfg(not(feature = "parquet"))]
mod without {
    use std::path::Path;

    use anyhow::{Result, bail};

    use super::super::outcome::Outcome;
    use crate::decision::Record;

    /// No file: a program without the feature parquet creates none.
    pub(in super::super) enum Export {}

    impl Export {
        pub(in super::super) fn create(_: &Path) -> Result<Self> {
            bail!("this program is built without the feature parquet");
        }

        pub(in super::super) fn add(&mut self, _: &Record, _: &[Outcome]) -> Result<()> {
            match *self {}
        }

        pub(in super::super) fn close(self) -> Result<usize> {
            match self {}
        }
    }
}

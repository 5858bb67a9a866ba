//! `--export`: a file of features, if the program can write one.

#[cfg(feature = "parquet")]
mod file;

#[cfg(feature = "parquet")]
pub(super) use file::Export;

#[cfg(not(feature = "parquet"))]
pub(super) use without::Export;

#[cfg(not(feature = "parquet"))]
mod without {
    use std::path::Path;

    use super::super::queries::Query;
    use super::super::{EvaluateError, Ranking};

    /// No file: a program without the feature parquet creates none.
    pub(in super::super) enum Export {}

    impl Export {
        pub(in super::super) fn create(_: &Path) -> Result<Self, EvaluateError> {
            let message = "this program is built without the feature parquet";
            Err(EvaluateError::Export(message.to_owned()))
        }

        pub(in super::super) fn add(
            &mut self,
            _: usize,
            _: &Query,
            _: &Ranking,
        ) -> Result<(), EvaluateError> {
            match *self {}
        }

        pub(in super::super) fn close(self) -> Result<usize, EvaluateError> {
            match self {}
        }
    }
}

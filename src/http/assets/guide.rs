//! The guides, in the order of the navigation, and the files that they link to.

/// A guide: a Markdown file of `src/docs`.
#[derive(Debug)]
pub(super) struct Guide {
    /// The name of the file without `.md`, and of the page: `/docs/NAME`.
    pub(super) name: &'static str,
    /// The Markdown. Its first heading is the title, and its first sentence is shown on the overview.
    pub(super) text: &'static str,
}

impl Guide {
    /// The language of the text, as HTML names it; a file that is not in English says so: `NAME.zh.md`.
    #[must_use]
    pub(super) fn language(&self) -> &'static str {
        if self.name.ends_with(".zh") {
            "zh"
        } else {
            "en"
        }
    }
}

/// Every guide.
pub(super) static GUIDES: &[Guide] = &[];

/// The examples in `src/docs/clients`, by the name of their file.
pub(super) static CLIENTS: &[(&str, &str)] = &[];

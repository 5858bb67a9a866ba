//! The words of the navigation, by the language of the shown page.

/// A language, as its words in the navigation.
#[derive(Debug)]
pub(super) struct Language {
    /// Language code (BCP 47).
    pub(super) code: &'static str,
    pub(super) guides: &'static str,
    pub(super) reference: &'static str,
    pub(super) api_reference: &'static str,
    pub(super) on_this_page: &'static str,
}

pub(super) static ENGLISH: Language = Language {
    code: "en",
    guides: "Guides",
    reference: "Reference",
    api_reference: "API reference",
    on_this_page: "On this page",
};

pub(super) static CHINESE: Language = Language {
    code: "zh",
    guides: "指南",
    reference: "参考",
    api_reference: "API 参考",
    on_this_page: "本页目录",
};

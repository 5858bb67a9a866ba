//! The guides, and the example clients that they link to.

/// A guide: a Markdown file of `src/docs`.
#[derive(Debug)]
pub(super) struct Guide {
    /// The name of the file without `.md`, and of the page: `/docs/NAME`.
    pub(super) name: &'static str,
    /// The Markdown. Its first heading is the title, and its first sentence is shown on the overview.
    pub(super) text: &'static str,
}

impl Guide {
    /// Returns the language code of the text. The name of a file that is not in English ends with it: `NAME.zh.md`.
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
pub(super) static GUIDES: &[Guide] = &[
    Guide {
        name: "scoring",
        text: include_str!("../../docs/scoring.md"),
    },
    Guide {
        name: "api",
        text: include_str!("../../docs/api.md"),
    },
    Guide {
        name: "clients",
        text: include_str!("../../docs/clients.md"),
    },
    Guide {
        name: "data",
        text: include_str!("../../docs/data.md"),
    },
    Guide {
        name: "tuning",
        text: include_str!("../../docs/tuning.md"),
    },
    Guide {
        name: "tuning.zh",
        text: include_str!("../../docs/tuning.zh.md"),
    },
    Guide {
        name: "evaluate",
        text: include_str!("../../docs/evaluate.md"),
    },
    Guide {
        name: "operate",
        text: include_str!("../../docs/operate.md"),
    },
    Guide {
        name: "security",
        text: include_str!("../../docs/security.md"),
    },
    Guide {
        name: "migrate",
        text: include_str!("../../docs/migrate.md"),
    },
    Guide {
        name: "benchmarks",
        text: include_str!("../../docs/benchmarks.md"),
    },
    Guide {
        name: "contributing",
        text: include_str!("../../docs/contributing.md"),
    },
];

/// The examples in `src/docs/clients`, by the name of their file.
pub(super) static CLIENTS: &[(&str, &str)] = &[
    (
        "saima_client.py",
        include_str!("../../docs/clients/saima_client.py"),
    ),
    (
        "saima_client.ts",
        include_str!("../../docs/clients/saima_client.ts"),
    ),
    (
        "saima_client.go",
        include_str!("../../docs/clients/saima_client.go"),
    ),
    (
        "SaimaClient.java",
        include_str!("../../docs/clients/SaimaClient.java"),
    ),
];

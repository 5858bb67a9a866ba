//! The guides, the example clients that they link to, and their images.

use super::language::{CHINESE, ENGLISH, Language};

/// A guide: a Markdown file of `src/docs`.
#[derive(Debug)]
pub(super) struct Guide {
    /// The name of the file without `.md`, and of the page: `/docs/NAME`.
    pub(super) name: &'static str,
    /// Title in the navigation of a Chinese page.
    pub(super) chinese: &'static str,
    /// The Markdown. Its first heading is the title, and its first sentence is shown on the overview.
    pub(super) text: &'static str,
}

impl Guide {
    /// Returns the language of the text. The name of a file that is not in English ends with it: `NAME.zh.md`.
    #[must_use]
    pub(super) fn language(&self) -> &'static Language {
        if self.name.ends_with(".zh") {
            &CHINESE
        } else {
            &ENGLISH
        }
    }
}

const fn guide(name: &'static str, chinese: &'static str, text: &'static str) -> Guide {
    Guide {
        name,
        chinese,
        text,
    }
}

/// Every guide, in the order of the navigation.
#[rustfmt::skip]
pub(super) static GUIDES: &[Guide] = &[
    guide("scoring", "打分", include_str!("../../docs/scoring.md")),
    guide("market", "市场规则", include_str!("../../docs/market.md")),
    guide("api", "接口", include_str!("../../docs/api.md")),
    guide("clients", "客户端", include_str!("../../docs/clients.md")),
    guide("data", "数据", include_str!("../../docs/data.md")),
    guide("tuning", "调权手册（英文）", include_str!("../../docs/tuning.md")),
    guide("tuning.zh", "调权手册", include_str!("../../docs/tuning.zh.md")),
    guide("evaluate", "效果评估", include_str!("../../docs/evaluate.md")),
    guide("quality", "信号与权重", include_str!("../../docs/quality.md")),
    guide("decisions", "决策日志与预览", include_str!("../../docs/decisions.md")),
    guide("experiments", "实验（英文）", include_str!("../../docs/experiments.md")),
    guide("operate", "运维", include_str!("../../docs/operate.md")),
    guide("security", "安全", include_str!("../../docs/security.md")),
    guide("migrate", "迁移", include_str!("../../docs/migrate.md")),
    guide("benchmarks", "性能基准", include_str!("../../docs/benchmarks.md")),
    guide("contributing", "参与开发", include_str!("../../docs/contributing.md")),
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

/// The images in `src/docs/images`, by the name of their file: SVG with attributes alone, as the pages forbid styles.
pub(super) static IMAGES: &[(&str, &str)] =
    &[("market.svg", include_str!("../../docs/images/market.svg"))];

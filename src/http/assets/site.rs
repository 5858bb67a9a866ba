//! Every file under `/docs`. All are rendered at the first request for one of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use super::article::{Article, escaped};
use super::asset::{Asset, CSS, HTML, SCRIPT, SVG, TEXT};
use super::guide::{CLIENTS, GUIDES, Guide, IMAGES};
use super::language::{CHINESE, ENGLISH, Language};

/// The name of the overview, whose address is `/docs` itself.
pub(super) const OVERVIEW: &str = "";
const REFERENCE: &str = "api-reference";

const SHELL: &str = include_str!("page.html");
const REFERENCE_BODY: &str = include_str!("api-reference.html");

static PAGES: LazyLock<BTreeMap<&'static str, Asset>> = LazyLock::new(all);

/// Returns the file of that name.
pub(super) fn find(name: &str) -> Option<&'static Asset> {
    PAGES.get(name)
}

/// Returns the distinct media types of all files.
pub(super) fn media() -> Vec<&'static str> {
    let mut media: Vec<&str> = PAGES.values().map(|asset| asset.media).collect();
    media.sort_unstable();
    media.dedup();
    media
}

fn all() -> BTreeMap<&'static str, Asset> {
    let articles: Vec<(&Guide, Article)> = GUIDES
        .iter()
        .map(|guide| (guide, Article::render(guide.text, address)))
        .collect();
    let page = |name, language: &Language, title: &str, sections: &str, body: &str| {
        let text = SHELL
            .replace("{{language}}", language.code)
            .replace("{{title}}", &escaped(title))
            .replace("{{guides_title}}", language.guides)
            .replace("{{guides}}", &guides(&articles, name, language))
            .replace("{{reference_title}}", language.reference)
            .replace("{{reference}}", &reference(name, language))
            .replace("{{sections}}", sections)
            .replace("{{body}}", body);
        (name, Asset::new(HTML, text))
    };
    let rendered = articles.iter().map(|(guide, article)| {
        let (language, title) = (guide.language(), &article.title);
        let sections = sections(article, language);
        page(guide.name, language, title, &sections, &article.html)
    });
    let clients = CLIENTS
        .iter()
        .map(|(name, text)| (*name, Asset::new(TEXT, *text)));
    let images = IMAGES
        .iter()
        .map(|(name, text)| (*name, Asset::new(SVG, *text)));
    rendered
        .chain(clients)
        .chain(images)
        .chain([
            page(OVERVIEW, &ENGLISH, "Guides", "", &overview(&articles)),
            page(REFERENCE, &ENGLISH, "API reference", "", REFERENCE_BODY),
            ("docs.css", Asset::new(CSS, include_str!("docs.css"))),
            (
                "api-reference.js",
                Asset::new(SCRIPT, include_str!("api-reference.js")),
            ),
            ("icon.svg", Asset::new(SVG, include_str!("icon.svg"))),
        ])
        .collect()
}

/// Returns the address on this service of the target of a link or an image in a guide; `None` if the target is not served.
fn address(link: &str) -> Option<String> {
    if link.starts_with(['#', '/']) || link.starts_with("https://") {
        return Some(link.to_owned());
    }
    let (file, fragment) = match link.split_once('#') {
        Some((file, fragment)) => (file, format!("#{fragment}")),
        None => (link, String::new()),
    };
    let guide = GUIDES.iter().map(|guide| guide.name);
    let guide = guide
        .clone()
        .find(|name| file.strip_suffix(".md") == Some(*name));
    let mut clients = CLIENTS.iter().map(|(name, _)| *name);
    let client = clients.find(|name| file.strip_prefix("clients/") == Some(*name));
    let mut images = IMAGES.iter().map(|(name, _)| *name);
    let image = images.find(|name| file.strip_prefix("images/") == Some(*name));
    guide
        .or(client)
        .or(image)
        .map(|name| format!("/docs/{name}{fragment}"))
}

/// Returns the navigation's entries of the guides as HTML. The shown guide is marked.
fn guides(articles: &[(&Guide, Article)], shown: &str, language: &Language) -> String {
    let entries = articles.iter().map(|(guide, article)| {
        let title = if language.code == CHINESE.code {
            guide.chinese
        } else {
            &article.title
        };
        entry(guide.name, title, guide.name == shown)
    });
    entries.collect()
}

/// Returns the navigation's entries of the API reference as HTML.
fn reference(shown: &str, language: &Language) -> String {
    let api = entry(REFERENCE, language.api_reference, shown == REFERENCE);
    api + "      <li><a href=\"/openapi.json\">openapi.json</a></li>\n"
}

fn entry(name: &str, title: &str, shown: bool) -> String {
    let mark = if shown { " aria-current=\"page\"" } else { "" };
    let title = escaped(title);
    format!("      <li><a href=\"/docs/{name}\"{mark}>{title}</a></li>\n")
}

/// Returns links to the sections of a guide as HTML.
fn sections(article: &Article, language: &Language) -> String {
    if article.sections.is_empty() {
        return String::new();
    }
    let mut html = format!("<h2>{}</h2>\n    <ul>\n", language.on_this_page);
    for (id, text) in &article.sections {
        let text = escaped(text);
        // Writing to a string does not fail.
        let _ = writeln!(html, "      <li><a href=\"#{id}\">{text}</a></li>");
    }
    html + "    </ul>\n    "
}

/// Returns the list of guides with their summaries as HTML.
fn overview(articles: &[(&Guide, Article)]) -> String {
    let mut html = format!(
        "<h1>Saima <small>{}</small></h1>\n<p>{}.</p>\n<dl class=\"overview\">\n",
        env!("CARGO_PKG_VERSION"),
        escaped(env!("CARGO_PKG_DESCRIPTION")),
    );
    let guides = articles
        .iter()
        .map(|(guide, article)| (guide.name, article.title.as_str(), article.summary.as_str()));
    let reference = (
        REFERENCE,
        "API reference",
        "Every route with its fields, examples and answers.",
    );
    for (name, title, summary) in guides.chain([reference]) {
        let (title, summary) = (escaped(title), escaped(summary));
        // Writing to a string does not fail.
        let _ = writeln!(
            html,
            "<dt><a href=\"/docs/{name}\">{title}</a></dt><dd>{summary}</dd>"
        );
    }
    html + "</dl>\n"
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The names of the files in a folder of `src/docs`, sorted.
    fn files(folder: &str) -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/docs")
            .join(folder);
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let files = entries
            .map(Result::unwrap)
            .filter(|entry| entry.path().is_file());
        let mut names: Vec<String> = files
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_guide_has_a_row() {
        let mut rows: Vec<String> = GUIDES
            .iter()
            .map(|guide| format!("{}.md", guide.name))
            .collect();
        rows.sort();
        assert_eq!(rows, files(""));
        let mut rows: Vec<String> = CLIENTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        rows.sort();
        assert_eq!(rows, files("clients"));
        let mut rows: Vec<String> = IMAGES.iter().map(|(name, _)| (*name).to_owned()).collect();
        rows.sort();
        assert_eq!(rows, files("images"));
    }

    #[test]
    fn guides_show_their_images() {
        let market = find("market").unwrap().text();
        assert!(market.contains("<img src=\"/docs/market.svg\""));
        let image = find("market.svg").unwrap();
        assert_eq!(image.media, SVG);
        assert!(image.text().starts_with("<svg ") && !image.text().contains("style"));
    }

    #[test]
    fn every_guide_has_a_title_and_a_summary() {
        for guide in GUIDES {
            let article = Article::render(guide.text, address);
            assert!(!article.title.is_empty(), "{}", guide.name);
            assert!(!article.summary.is_empty(), "{}", guide.name);
        }
    }

    #[test]
    fn the_navigation_is_in_the_page_language() {
        let has = |page: &str, text: &str| find(page).unwrap().text().contains(text);
        assert!(has("tuning", ">Scoring</a>") && has("tuning", "<h2>Guides</h2>"));
        assert!(has("tuning.zh", ">打分</a>") && has("tuning.zh", "<h2>指南</h2>"));
        assert!(!has("tuning.zh", ">Scoring</a>") && !has("tuning.zh", "<h2>Guides</h2>"));
    }

    #[test]
    fn pages_have_nothing_inline_and_no_gaps() {
        for asset in PAGES.values().filter(|asset| asset.media == HTML) {
            let text = asset.text();
            for inline in [
                "<style",
                " style=",
                "<script>",
                " onclick",
                "{{",
                "javascript:",
            ] {
                assert!(!text.contains(inline), "{inline} in {text}");
            }
        }
    }
}

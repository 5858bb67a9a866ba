//! The pages and their blocks of code.

use std::fs;
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A Markdown file.
pub(super) struct Page {
    /// Its path in the repository.
    pub(super) path: String,
    pub(super) text: String,
}

/// A fenced block.
pub(super) struct Block {
    /// Its file and line.
    pub(super) place: String,
    pub(super) language: String,
    /// The comment right before it.
    pub(super) comment: String,
    /// True if it directly follows another block. It then shows the output of that block.
    pub(super) follows: bool,
    pub(super) text: String,
}

impl Block {
    pub(super) fn is_demo(&self) -> bool {
        self.comment == "demo"
    }

    pub(super) fn is_not_run(&self) -> bool {
        self.comment.starts_with("not run: ")
    }
}

/// Reads the guides by name, then the README: its steps change the data of the demo.
pub(super) fn pages() -> Vec<Page> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guides = fs::read_dir(root.join("src/docs")).unwrap();
    let names = guides.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut paths: Vec<String> = names
        .filter(|name| name.ends_with(".md"))
        .map(|name| format!("src/docs/{name}"))
        .collect();
    paths.sort();
    paths.push("README.md".to_owned());
    let page = |path: String| Page {
        text: fs::read_to_string(root.join(&path)).unwrap(),
        path,
    };
    paths.into_iter().map(page).collect()
}

impl Page {
    pub(super) fn parser(&self) -> Parser<'_> {
        Parser::new_ext(&self.text, Options::ENABLE_TABLES)
    }

    pub(super) fn blocks(&self) -> Vec<Block> {
        let (mut blocks, mut comment, mut follows) = (Vec::new(), String::new(), false);
        let mut open: Option<Block> = None;
        for (event, range) in self.parser().into_offset_iter() {
            match (event, &mut open) {
                (Event::Start(Tag::CodeBlock(kind)), _) => {
                    let language = match kind {
                        CodeBlockKind::Fenced(language) => language.into_string(),
                        CodeBlockKind::Indented => "indented".to_owned(),
                    };
                    let line = self.text[..range.start].matches('\n').count() + 1;
                    open = Some(Block {
                        place: format!("{}:{line}", self.path),
                        language,
                        comment: std::mem::take(&mut comment),
                        follows,
                        text: String::new(),
                    });
                }
                (Event::Text(text), Some(block)) => block.text.push_str(&text),
                (Event::End(TagEnd::CodeBlock), _) => {
                    blocks.extend(open.take());
                    follows = true;
                }
                (Event::Html(html), _) => {
                    let html = html.trim();
                    let inner = html
                        .strip_prefix("<!--")
                        .and_then(|html| html.strip_suffix("-->"));
                    comment = inner.unwrap_or_default().trim().to_owned();
                    follows = false;
                }
                (Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock), _) => {}
                _ => (comment, follows) = (String::new(), false),
            }
        }
        blocks
    }
}

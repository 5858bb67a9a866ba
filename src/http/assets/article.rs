//! Renders Markdown as HTML. Headings get ids, links and images between files become those between pages, and raw HTML is removed.

use std::collections::HashMap;
use std::iter::once;

use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

/// A rendered guide.
#[derive(Debug)]
pub(super) struct Article {
    /// The text of the first heading.
    pub(super) title: String,
    /// The first sentence.
    pub(super) summary: String,
    /// The headings of the second level: id and text.
    pub(super) sections: Vec<(String, String)>,
    /// The whole as HTML.
    pub(super) html: String,
}

impl Article {
    /// Renders a guide; `page` maps a link to its address on this service, or to `None` if its target is not served.
    #[must_use]
    pub(super) fn render(markdown: &str, page: impl Fn(&str) -> Option<String>) -> Self {
        let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES)
            .filter(|event| !matches!(event, Event::Html(_) | Event::InlineHtml(_)))
            .collect();
        let headings = name_headings(&mut events);
        let texts_of = |wanted| headings.iter().filter(move |(level, ..)| *level == wanted);
        let title = texts_of(HeadingLevel::H1).map(|(_, _, text)| text.clone());
        let sections = texts_of(HeadingLevel::H2).map(|(_, id, text)| (id.clone(), text.clone()));
        let summary = events
            .iter()
            .position(|event| *event == Event::Start(Tag::Paragraph))
            .map(|start| first_sentence(&plain(&events[start..], TagEnd::Paragraph)));
        let (title, sections) = (title.take(1).collect(), sections.collect());
        let mut html = String::with_capacity(2 * markdown.len());
        html::push_html(&mut html, for_the_page(events, page).into_iter());
        // The renderer aligns cells by inline styles, which the content security policy forbids.
        let html = html.replace("style=\"text-align: ", "class=\"");
        Self {
            title,
            summary: summary.unwrap_or_default(),
            sections,
            html,
        }
    }
}

/// Escapes text for HTML.
#[must_use]
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    html::push_html(&mut out, once(Event::Text(CowStr::from(text))));
    out
}

/// Gives every heading an id, and returns the level, id and text of each.
fn name_headings(events: &mut [Event<'_>]) -> Vec<(HeadingLevel, String, String)> {
    let (mut headings, mut counts) = (Vec::new(), HashMap::new());
    for start in 0..events.len() {
        let Event::Start(Tag::Heading { level, .. }) = events[start] else {
            continue;
        };
        let text = plain(&events[start..], TagEnd::Heading(level));
        let slug = slug(&text);
        let count = counts.entry(slug.clone()).or_insert(0);
        let name = match *count {
            0 => slug,
            more => format!("{slug}-{more}"),
        };
        *count += 1;
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[start] {
            *id = Some(CowStr::from(name.clone()));
        }
        headings.push((level, name, text));
    }
    headings
}

/// Returns the text of the element that begins with the first event and ends with `end`, without markup.
fn plain(events: &[Event<'_>], end: TagEnd) -> String {
    let until_end = events.iter().take_while(|event| **event != Event::End(end));
    let mut text = String::new();
    for event in until_end {
        if let Event::Text(part) | Event::Code(part) = event {
            text.push_str(part);
        } else if matches!(event, Event::SoftBreak | Event::HardBreak) {
            text.push(' ');
        }
    }
    text
}

fn first_sentence(text: &str) -> String {
    let latin = text.find(". ").map(|end| end + 1);
    let chinese = text.find('。').map(|end| end + '。'.len_utf8());
    let end = latin.into_iter().chain(chinese).min();
    text[..end.unwrap_or(text.len())].to_owned()
}

/// Returns the id of a heading, by the rule of GitHub, so that links work here and there.
fn slug(text: &str) -> String {
    let kept = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let letters = text.chars().filter(|letter| kept(*letter));
    letters
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

/// Replaces the targets of links and images by pages, those without a page by their text, and wraps tables so that they scroll.
fn for_the_page<'m>(
    events: Vec<Event<'m>>,
    page: impl Fn(&str) -> Option<String>,
) -> Vec<Event<'m>> {
    let mut out = Vec::with_capacity(events.len());
    let (mut in_link, mut in_image) = (false, false);
    for event in events {
        if let Event::Start(Tag::Link { dest_url, .. }) = &event {
            let target = page(dest_url);
            in_link = target.is_some();
            out.extend(target.map(link));
        } else if let Event::Start(Tag::Image { dest_url, .. }) = &event {
            let target = page(dest_url);
            in_image = target.is_some();
            out.extend(target.map(image));
        } else if let Event::Start(Tag::Table(_)) = event {
            out.extend([Event::Html("<div class=\"wide\">".into()), event]);
        } else if event == Event::End(TagEnd::Table) {
            out.extend([event, Event::Html("</div>".into())]);
        } else if is_kept(&event, in_link, in_image) {
            out.push(event);
        }
    }
    out
}

/// Returns whether an event stays, where the begin of a link or an image may have gone.
fn is_kept(event: &Event<'_>, in_link: bool, in_image: bool) -> bool {
    let ends_gone_link = *event == Event::End(TagEnd::Link) && !in_link;
    let ends_gone_image = *event == Event::End(TagEnd::Image) && !in_image;
    !ends_gone_link && !ends_gone_image
}

fn image<'m>(target: String) -> Event<'m> {
    Event::Start(Tag::Image {
        link_type: LinkType::Inline,
        dest_url: CowStr::from(target),
        title: CowStr::Borrowed(""),
        id: CowStr::Borrowed(""),
    })
}

fn link<'m>(target: String) -> Event<'m> {
    Event::Start(Tag::Link {
        link_type: LinkType::Inline,
        dest_url: CowStr::from(target),
        title: CowStr::Borrowed(""),
        id: CowStr::Borrowed(""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(markdown: &str) -> Article {
        Article::render(markdown, |link| {
            link.strip_suffix(".md").map(|name| format!("/docs/{name}"))
        })
    }

    #[test]
    fn title_summary_and_sections_come_from_the_text() {
        let article = render(
            "# The `race`\n\nOne, by\none. Two.\n\n## Level & growth\n\n## In 中文\n\n## In 中文\n",
        );
        assert_eq!(article.title, "The race");
        assert_eq!(article.summary, "One, by one.");
        let ids: Vec<&str> = article.sections.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["level--growth", "in-中文", "in-中文-1"]);
        assert!(
            article
                .html
                .contains("<h2 id=\"level--growth\">Level &amp; growth</h2>"),
            "{}",
            article.html
        );
        assert_eq!(render("# 调\n\n先改一个。再改。").summary, "先改一个。");
    }

    #[test]
    fn links_lead_to_pages_or_become_text() {
        let html = render("[the score](scoring.md) and [the *source*](../lib.rs)").html;
        let expected = "<p><a href=\"/docs/scoring\">the score</a> and the <em>source</em></p>\n";
        assert_eq!(html, expected);
    }

    #[test]
    fn images_lead_to_pages_or_become_text() {
        let html = render("![a *plot*](plot.md) and ![a chart](chart.png)").html;
        let expected = "<p><img src=\"/docs/plot\" alt=\"a plot\" /> and a chart</p>\n";
        assert_eq!(html, expected);
    }

    #[test]
    fn comments_are_left_out_and_tables_are_wrapped() {
        let html = render("<!-- demo -->\n\n| a |\n|---:|\n| <b>1</b> |\n").html;
        assert!(html.starts_with("<div class=\"wide\"><table>"), "{html}");
        assert!(html.ends_with("</table>\n</div>"), "{html}");
        assert!(html.contains("<td class=\"right\">1</td>"), "{html}");
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escaped("a < b & \"c\""), "a &lt; b &amp; \"c\"");
    }
}

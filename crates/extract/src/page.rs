//! What a page says of itself, from its head above all.

use std::collections::HashMap;

use html5ever::{LocalName, local_name};
use obelisc_document::Page;
use obelisc_text::{clean, collapse_white_space};
use serde_json::Value;
use url::Url;

use crate::dom::{Dom, Space};
use crate::image::resolve;

/// What was read beside the [`Page`].
#[derive(Default)]
pub(crate) struct Facts {
    /// What references are resolved against.
    pub(crate) base: Option<Url>,
    /// How often each `src` stands on the page.
    pub(crate) repeats: HashMap<String, usize>,
}

/// Reads title, canonical URL, language, date of publication and `og:image` into `page`.
pub(crate) fn read(dom: &Dom, page: &mut Page, max_url_bytes: usize) -> Facts {
    let mut facts = Facts { base: Url::parse(&page.url).ok(), ..Facts::default() };
    let (mut canonical, mut og_image, mut base) = (None, None, None);
    for node in dom.ids() {
        let Some((name, Space::Html)) = dom.element(node) else { continue };
        let attribute = |name: LocalName| dom.attribute(node, &name);
        match *name {
            local_name!("html") if page.declared_language.is_none() => {
                let language = attribute(local_name!("lang")).or_else(|| attribute(LocalName::from("xml:lang")));
                page.declared_language = language.map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned);
            }
            local_name!("title") if page.title.is_none() => {
                let title = collapse_white_space(&clean(&dom.text_below(node)));
                page.title = Some(title).filter(|title| !title.is_empty());
            }
            local_name!("base") if base.is_none() => base = attribute(local_name!("href")),
            local_name!("link") if canonical.is_none() && has_token(attribute(local_name!("rel")), "canonical") => {
                canonical = attribute(local_name!("href"));
            }
            local_name!("meta") if og_image.is_none() => {
                let names = [attribute(local_name!("property")), attribute(local_name!("name"))];
                if names.into_iter().flatten().any(|name| name.trim().eq_ignore_ascii_case("og:image")) {
                    og_image = attribute(local_name!("content"));
                }
            }
            local_name!("script") if page.date_published.is_none() => {
                let kind = attribute(local_name!("type")).unwrap_or_default().trim();
                if kind.to_ascii_lowercase().starts_with("application/ld+json") {
                    page.date_published = date_published(&dom.text_below(node));
                }
            }
            local_name!("img") => {
                if let Some(src) = attribute(local_name!("src")) {
                    *facts.repeats.entry(src.to_owned()).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    if let Some(base) = base {
        // Unlike an image's address, a base may have a fragment; it plays no part in what is resolved.
        facts.base = resolve(facts.base.as_ref(), base, max_url_bytes).or(facts.base);
    }
    let resolved = |reference: Option<&str>| resolve(facts.base.as_ref(), reference?, max_url_bytes).map(String::from);
    page.canonical_url = resolved(canonical);
    page.og_image = resolved(og_image);
    facts
}

fn has_token(value: Option<&str>, token: &str) -> bool {
    value.is_some_and(|value| value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(token)))
}

/// The first `datePublished` of a JSON-LD text, in document order.
fn date_published(json: &str) -> Option<String> {
    if !json.contains("datePublished") {
        return None;
    }
    let root: Value = serde_json::from_str(json.trim()).ok()?;
    let mut open = vec![&root];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(date)) = fields.get("datePublished") {
                    return Some(date.trim().to_owned()).filter(|date| !date.is_empty());
                }
                open.extend(fields.values().rev());
            }
            Value::Array(values) => open.extend(values.iter().rev()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, parse};

    fn page(html: &str) -> Page {
        let dom = parse(html, &Limits::default()).unwrap();
        let mut page = Page { url: "https://example.org/a/".to_owned(), ..Page::default() };
        read(&dom, &mut page, 1000);
        page
    }

    #[test]
    fn the_head_is_read() {
        let page = page(
            "<html lang=' en-GB '><head><title> A\n title </title><link rel='x Canonical' href=b>
             <meta property=og:image content='/i.png'><base href='https://other.example/c/'>",
        );
        assert_eq!(page.title.as_deref(), Some("A title"));
        assert_eq!(page.declared_language.as_deref(), Some("en-GB"));
        assert_eq!(page.canonical_url.as_deref(), Some("https://other.example/c/b"));
        assert_eq!(page.og_image.as_deref(), Some("https://other.example/i.png"));
    }

    #[test]
    fn a_date_is_found_wherever_json_ld_has_it() {
        let date = |json: &str| page(&format!("<body><script type=application/ld+json>{json}</script>")).date_published;
        assert_eq!(date(r#"{"@graph":[{"a":1},{"datePublished":"2020-01-02"}]}"#).as_deref(), Some("2020-01-02"));
        assert_eq!(date(r#"{"datePublished":"#), None);
        assert_eq!(date(&"[".repeat(100_000)), None);
    }

    #[test]
    fn the_title_of_a_picture_is_not_the_pages() {
        assert_eq!(page("<svg><title>icon</title></svg><body>").title, None);
    }
}

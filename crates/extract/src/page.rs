//! What a page says of itself, from its head above all.

use foldhash::HashMap;
use html5ever::{LocalName, local_name};
use obelisc_document::Page;
use obelisc_text::{clean, collapse_white_space};
use serde_json::Value;
use url::Url;

use crate::dom::{Dom, NodeId, Space};
use crate::image::resolve;

/// What was read beside the [`Page`].
#[derive(Default)]
pub(crate) struct Facts<'a> {
    /// What references are resolved against.
    pub(crate) base: Option<Url>,
    /// How often each `src` stands on the page.
    pub(crate) repeats: HashMap<&'a str, usize>,
}

/// What a head offers, in the order in which it is preferred; the first of each counts.
#[derive(Default)]
struct Offers<'a> {
    base: Option<&'a str>,
    canonical: Vec<&'a str>,
    og_image: Vec<&'a str>,
    /// By `lang`; by `Content-Language`; by JSON-LD; by `og:locale`.
    languages: [Option<String>; 4],
    /// By JSON-LD; by `article:published_time`; by microdata.
    dates: [Option<String>; 3],
}

/// Reads title, canonical URL, language, date of publication and `og:image` into `page`.
pub(crate) fn read<'a>(dom: &'a Dom, page: &mut Page, max_url_bytes: usize) -> Facts<'a> {
    let mut facts = Facts { base: Url::parse(&page.url).ok(), ..Facts::default() };
    let mut offers = Offers::default();
    for node in dom.ids() {
        let Some((name, Space::Html)) = dom.element(node) else { continue };
        let attribute = |name: LocalName| dom.attribute(node, &name);
        match *name {
            local_name!("html") => {
                let language = attribute(local_name!("lang")).or_else(|| attribute(LocalName::from("xml:lang")));
                offer(&mut offers.languages[0], language.and_then(tag));
            }
            local_name!("title") if page.title.is_none() => {
                let title = collapse_white_space(&clean(&dom.text_below(node)));
                page.title = Some(title).filter(|title| !title.is_empty());
            }
            local_name!("base") => offers.base = offers.base.or_else(|| attribute(local_name!("href"))),
            local_name!("link") if has_token(attribute(local_name!("rel")), "canonical") => {
                offers.canonical.extend(attribute(local_name!("href")));
            }
            local_name!("meta") => offers.meta(dom, node),
            local_name!("time") if attribute(local_name!("itemprop")).is_some_and(is_date) => {
                offer(&mut offers.dates[2], attribute(local_name!("datetime")).and_then(said));
            }
            local_name!("script") => {
                let kind = attribute(local_name!("type")).unwrap_or_default().trim();
                if kind.to_ascii_lowercase().starts_with("application/ld+json") {
                    offers.json_ld(&dom.text_below(node));
                }
            }
            local_name!("img") => {
                if let Some(src) = attribute(local_name!("src")) {
                    *facts.repeats.entry(src).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    if let Some(base) = offers.base {
        // Unlike an image's address, a base may have a fragment; it plays no part in what is resolved.
        facts.base = resolve(facts.base.as_ref(), base, max_url_bytes).or(facts.base);
    }
    let first = |references: &[&str]| {
        let mut urls = references.iter().filter_map(|url| resolve(facts.base.as_ref(), url, max_url_bytes));
        urls.next().map(String::from)
    };
    page.canonical_url = first(&offers.canonical);
    page.og_image = first(&offers.og_image);
    page.declared_language = offers.languages.into_iter().flatten().next();
    page.date_published = offers.dates.into_iter().flatten().next();
    facts
}

impl<'a> Offers<'a> {
    fn meta(&mut self, dom: &'a Dom, meta: NodeId) {
        let attribute = |name: LocalName| dom.attribute(meta, &name).map(str::trim);
        let Some(content) = attribute(local_name!("content")) else { return };
        if attribute(local_name!("http-equiv")).is_some_and(|name| name.eq_ignore_ascii_case("content-language")) {
            offer(&mut self.languages[1], tag(content));
        }
        if attribute(local_name!("itemprop")).is_some_and(is_date) {
            offer(&mut self.dates[2], said(content));
        }
        for name in [attribute(local_name!("property")), attribute(local_name!("name"))].into_iter().flatten() {
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            if is("og:image") || is("og:image:url") {
                self.og_image.push(content);
            } else if is("og:locale") {
                offer(&mut self.languages[3], tag(content));
            } else if is("article:published_time") {
                offer(&mut self.dates[1], said(content));
            }
        }
    }

    fn json_ld(&mut self, json: &str) {
        let (date, language) = match serde_json::from_str(json.trim()) {
            Ok(root) => (first_text(&root, "datePublished"), first_text(&root, "inLanguage")),
            // Line breaks in texts, comments around it: much JSON-LD is not quite JSON.
            Err(_) => (text_after(json, "\"datePublished\""), text_after(json, "\"inLanguage\"")),
        };
        offer(&mut self.dates[0], date.as_deref().and_then(said));
        offer(&mut self.languages[2], language.as_deref().and_then(tag));
    }
}

fn offer(first: &mut Option<String>, other: Option<String>) {
    if first.is_none() {
        *first = other;
    }
}

fn said(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn is_date(property: &str) -> bool {
    has_token(Some(property), "datePublished")
}

/// A language tag (BCP 47), as far as its letters go; `en_US` is one to many pages.
fn tag(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-");
    let is_tag = (2..=35).contains(&tag.len())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && tag.as_bytes()[0].is_ascii_alphabetic();
    is_tag.then_some(tag)
}

fn has_token(value: Option<&str>, token: &str) -> bool {
    value.is_some_and(|value| value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(token)))
}

/// The first text of that name in a JSON value, in document order.
fn first_text(root: &Value, name: &str) -> Option<String> {
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(text)) = fields.get(name) {
                    return said(text);
                }
                open.extend(fields.values().rev());
            }
            Value::Array(values) => open.extend(values.iter().rev()),
            _ => {}
        }
    }
    None
}

/// The text that follows a quoted name in what is nearly JSON.
fn text_after(json: &str, name: &str) -> Option<String> {
    let (_, after) = json.split_once(name)?;
    let text = after.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let (text, _) = text.split_once('"')?;
    (!text.contains('\\')).then(|| text.to_owned())
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
    fn a_date_is_found_wherever_a_page_has_it() {
        let date = |json: &str| page(&format!("<body><script type=application/ld+json>{json}</script>")).date_published;
        assert_eq!(date(r#"{"@graph":[{"a":1},{"datePublished":"2020-01-02"}]}"#).as_deref(), Some("2020-01-02"));
        assert_eq!(date("{\"a\":\"\n\", \"datePublished\" : \"2020\",}").as_deref(), Some("2020"));
        assert_eq!(date(r#"{"datePublished":"#), None);
        assert_eq!(date(&"[".repeat(100_000)), None);
        let meta = "<meta property=article:published_time content=2021><time itemprop=datePublished datetime=2022>";
        assert_eq!(page(meta).date_published.as_deref(), Some("2021"));
        assert_eq!(page("<meta itemprop='x datePublished' content=2023>").date_published.as_deref(), Some("2023"));
    }

    #[test]
    fn a_language_is_found_wherever_a_page_has_it() {
        let language = |html: &str| page(html).declared_language;
        let rest = "<meta property=og:locale content=pt_BR><meta http-equiv=Content-Language content=nl>";
        assert_eq!(language(&format!("<html xml:lang=de>{rest}")).as_deref(), Some("de"));
        assert_eq!(language(&format!("<html lang='{{{{ lang }}}}'>{rest}")).as_deref(), Some("nl"));
        let json = "<script type=application/ld+json>{\"inLanguage\":\"sv\"}</script>";
        assert_eq!(language(&format!("<meta property=og:locale content=pt_BR>{json}")).as_deref(), Some("sv"));
        assert_eq!(language("<meta property=og:locale content=pt_BR>").as_deref(), Some("pt-BR"));
        assert_eq!(language("<html lang=''><meta http-equiv=content-language content='en, de'>"), None);
    }

    #[test]
    fn the_first_address_that_resolves_counts() {
        let page = page(
            "<meta property=og:image content=''><meta name=og:image content=a.png><link rel=canonical href='data:x'>",
        );
        assert_eq!(page.og_image.as_deref(), Some("https://example.org/a/a.png"));
        assert_eq!(page.canonical_url, None);
    }

    #[test]
    fn the_title_of_a_picture_is_not_the_pages() {
        assert_eq!(page("<svg><title>icon</title></svg><body>").title, None);
    }
}

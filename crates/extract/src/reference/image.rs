//! `img` elements as image nodes.

use std::collections::BTreeSet;

use html5ever::{LocalName, local_name};
use obelisc_document::ImageNode;

use super::Stop;
use super::rules::Rules;
use super::url::UrlRules;
use super::{filename, size};
use crate::Limits;
use crate::dom::{Dom, NodeId};

/// Whether a media element names what it shows, so that it stays.
pub(super) fn has_source(dom: &Dom, node: NodeId, rules: &Rules) -> bool {
    let Some((name, _)) = dom.element(node) else { return false };
    match *name {
        local_name!("img") => source(dom, node, rules).is_some(),
        _ if rules.sourced_media.contains(name) => source_in(dom, node, &local_name!("src"), rules).is_some(),
        _ => false,
    }
}

/// The attribute that holds an image's source, and the source.
pub(super) fn source<'d>(dom: &'d Dom, node: NodeId, rules: &'d Rules) -> Option<(&'d LocalName, &'d str)> {
    rules.sources.iter().find_map(|name| Some((name, source_in(dom, node, name, rules)?)))
}

fn source_in<'d>(dom: &'d Dom, node: NodeId, name: &LocalName, rules: &Rules) -> Option<&'d str> {
    let source = dom.last_attribute(node, name).filter(|source| !source.is_empty())?;
    let refused = rules.refused_characters.iter().any(|refused| source.contains(refused.as_str()));
    (!refused).then_some(source)
}

/// The sources of images that need the page's host, where its URL has none; each once, sorted.
pub(super) fn unresolved(dom: &Dom, page_url: &str, rules: &Rules, limits: &Limits) -> Vec<String> {
    if !UrlRules::is_hostless(page_url) {
        return Vec::new();
    }
    let images = dom.ids().filter(|&node| dom.is_html(node, &local_name!("img")));
    let sources = images.filter_map(|node| source(dom, node, rules)).map(|(_, source)| source);
    let unresolved = sources.filter(|source| rules.urls.needs_host(source) && source.len() <= limits.max_url_bytes);
    let unresolved: BTreeSet<&str> = unresolved.collect();
    unresolved.into_iter().take(limits.max_images).map(str::to_owned).collect()
}

/// Reads an `img`; `None` where its URL is not valid.
///
/// # Errors
/// What makes the reference give up the page.
pub(super) fn read(dom: &Dom, node: NodeId, page_url: &str, rules: &Rules) -> Result<Option<ImageNode>, Stop> {
    let Some((name, source)) = source(dom, node, rules) else { return Ok(None) };
    let url = rules.urls.join(page_url, source)?;
    if !rules.urls.is_valid(&url) {
        return Ok(None);
    }
    let rendered = |name| -> Result<_, Stop> {
        let size = dom.last_attribute(node, name).map_or(Ok(None), size::read)?;
        Ok(size.map(Into::into))
    };
    Ok(Some(ImageNode {
        formatted_filename: filename::words(&url),
        src: url,
        unformatted_src: source.to_owned(),
        source: name.to_string(),
        alt_text: dom.last_attribute(node, &local_name!("alt")).filter(|alt| !alt.is_empty()).map(str::to_owned),
        rendered_width: rendered(&local_name!("width"))?,
        rendered_height: rendered(&local_name!("height"))?,
        ..ImageNode::default()
    }))
}

//! One image element → one image node.

mod candidates;
pub(crate) mod srcset;
mod url;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use html5ever::{Attribute, LocalName, local_name};
use obelisc_document::{ImageNode, RenderedSize};
use obelisc_text::{clean, collapse_white_space};

pub(crate) use self::candidates::{Candidate, Context, Gathering, value};
pub(crate) use self::url::{format, is_same_picture, resolve};
use crate::Limits;
use crate::style::declared;

/// Pixels of a side that an icon has at most.
const MAX_ICON: u32 = 64;

/// Reads an `img` (or what stands for one), with what the `source`s of its picture offer.
/// `None` where the page offers nothing but placeholders, or counts a visit with it.
pub(crate) fn read(attributes: &[Attribute], sources: &[Candidate], context: &Context<'_>) -> Option<ImageNode> {
    let mut gathering = Gathering::new(context);
    // A size that hides the stand-in says nothing of the picture that takes its place.
    gathering.image(attributes, !is_tiny(attributes));
    gathering.picture(sources);
    gathering.unlisted(attributes);
    node(gathering.ranked(), attributes, context.limits)
}

/// The node of ranked candidates; the attributes say the rest.
pub(crate) fn node(ranked: Vec<Candidate>, attributes: &[Attribute], limits: &Limits) -> Option<ImageNode> {
    let mut ranked = ranked.into_iter();
    let best = ranked.next()?;
    let text = |name| {
        let mut text = collapse_white_space(&clean(value(attributes, name)?));
        cut(&mut text, limits.max_caption_chars);
        Some(text).filter(|text| !text.is_empty())
    };
    let tiny = is_tiny(attributes);
    let size = |name| size(attributes, name).filter(|_| !tiny);
    Some(ImageNode {
        formatted_filename: self::url::formatted_filename(&best.url),
        src: best.url.into(),
        unformatted_src: best.raw,
        source: best.source,
        alt_text: text(&local_name!("alt")),
        title: text(&local_name!("title")),
        rendered_width: size(&local_name!("width")),
        rendered_height: size(&local_name!("height")),
        candidates: ranked.map(|candidate| candidate.url.into()).collect(),
        ..ImageNode::default()
    })
}

/// Cuts a text behind that many characters.
pub(crate) fn cut(text: &mut String, max_chars: usize) {
    if let Some((end, _)) = text.char_indices().nth(max_chars) {
        text.truncate(text[..end].trim_end().len());
    }
}

/// Whether the page gives the image no room: both sides one pixel or less.  A single 0 is found on real pictures, and so are
/// two where a style or a `srcset` says how large the picture will be, or the file is a drawing that has no size of its own.
fn is_tiny(attributes: &[Attribute]) -> bool {
    let pixels = |name: LocalName| match size(attributes, &name) {
        Some(RenderedSize::Pixels(pixels)) => Some(pixels),
        _ => None,
    };
    let (width, height) = (pixels(local_name!("width")), pixels(local_name!("height")));
    let (Some(width @ 0..=1), Some(height @ 0..=1)) = (width, height) else { return false };
    let style = value(attributes, &local_name!("style")).unwrap_or_default();
    let grows = |name| declared(style, name).is_some_and(|value| value.ends_with('%') || value == "auto");
    let format = value(attributes, &local_name!("src")).and_then(format);
    // Sites that size all pictures by style sheet write 0; who counts visits does not name a file of pictures.
    let is_file = width + height == 0 && format.is_some_and(|format| format != "gif");
    let is_grown = ["width", "min-width"].into_iter().any(grows);
    !is_grown && !is_file && format != Some("svg") && value(attributes, &local_name!("srcset")).is_none()
}

/// Whether an image is a control's mark rather than a picture: a small one, or a drawing.
pub(crate) fn is_icon(attributes: &[Attribute]) -> bool {
    let is_small = |name: LocalName| matches!(size(attributes, &name), Some(RenderedSize::Pixels(0..=MAX_ICON)));
    is_small(local_name!("width"))
        || is_small(local_name!("height"))
        || attributes.iter().any(|attribute| format(&attribute.value) == Some("svg"))
}

/// The size that an attribute, or else the inline style, asks for.
fn size(attributes: &[Attribute], name: &LocalName) -> Option<RenderedSize> {
    let by_attribute = value(attributes, name).and_then(parse_size);
    by_attribute.or_else(|| {
        let style = value(attributes, &local_name!("style"))?;
        let declared = declared(style, name)?;
        // `auto` in a style is the default, not a wish.
        let is_length = declared.ends_with("px") || declared.ends_with('%');
        parse_size(&declared).filter(|_| is_length)
    })
}

/// A size as the OBELICS release reads it: pixels, a share in percent, a decimal number cut off; `auto` is the whole.
fn parse_size(text: &str) -> Option<RenderedSize> {
    const STRAY: [char; 4] = ['”', '"', '<', '>'];
    let text = if text.contains(STRAY) { Cow::Owned(text.replace(STRAY, "")) } else { Cow::Borrowed(text) };
    let text = text.trim();
    if let Ok(pixels) = text.parse() {
        return Some(RenderedSize::Pixels(pixels));
    }
    if text.contains("px") {
        let number = text.replace(['p', 'x', ';'], "");
        return number.trim().parse::<f64>().ok().and_then(pixels);
    }
    if text.contains('%') {
        return Some(RenderedSize::Percent(text.to_owned()));
    }
    if text.contains('.') {
        return text.parse::<f64>().ok().and_then(pixels);
    }
    (text.contains("full-width") || text.contains("auto")).then(|| RenderedSize::Percent("100%".to_owned()))
}

fn pixels(number: f64) -> Option<RenderedSize> {
    (number >= 0.0 && number <= f64::from(u32::MAX)).then_some(RenderedSize::Pixels(number as u32))
}

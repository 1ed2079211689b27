//! Figures: their captions follow their images, and are written to them.

use html5ever::local_name;
use obelisc_text::{clean, collapse_white_space};

use super::{End, Step, Walk};
use crate::dom::NodeId;
use crate::flow::{Gap, Mark};
use crate::image::{Gathering, cut, format, node, value};

/// What the walk keeps of the figures that are open.
#[derive(Default)]
pub(super) struct Figures {
    open: Vec<Figure>,
    /// Positions of images without caption, in the flow; those of inner figures come last.
    uncaptioned: Vec<usize>,
    reading: Option<Reading>,
}

/// The caption that is being read.
struct Reading {
    /// Where it began.
    mark: Mark,
    /// The mark of the list item that it begins, which is no part of it.
    item: String,
    /// Position of the image that it is said of, where no figure is open.
    image: Option<usize>,
}

struct Figure {
    /// Length of `uncaptioned` at its start.
    start: usize,
    expects_image: bool,
    has_image: bool,
    /// Captions that stand before the image.
    deferred: Vec<NodeId>,
    caption: String,
}

impl Figures {
    /// Notes an image at that position of the flow.
    pub(super) fn image(&mut self, position: usize) {
        if let Some(figure) = self.open.last_mut() {
            figure.has_image = true;
            self.uncaptioned.push(position);
        }
    }
}

impl Walk<'_> {
    pub(super) fn figure(&mut self, figure: NodeId) {
        self.flow.request(Gap::Blank);
        let expects_image = self.structure.has_image(figure) || self.structure.has_fallback(figure);
        self.figures.open.push(Figure {
            start: self.figures.uncaptioned.len(),
            expects_image,
            has_image: false,
            deferred: Vec::new(),
            caption: String::new(),
        });
        self.end(figure, End::Figure);
        if !expects_image {
            self.named_picture(figure);
        }
    }

    /// A figure without any image may name one in an attribute.
    fn named_picture(&mut self, figure: NodeId) {
        let attributes = self.dom.attributes(figure);
        let named = self.context.profile.figure_attributes.iter().filter_map(|name| value(attributes, name));
        let data = attributes.iter().filter(|attribute| attribute.name.local.starts_with("data-"));
        let data = data.map(|attribute| &*attribute.value);
        let Some(address) = named.chain(data).find(|value| format(value).is_some()) else { return };
        let mut gathering = Gathering::new(&self.context);
        gathering.address(address, "figure");
        match node(gathering.ranked(), &[], self.context.limits) {
            Some(image) => self.add_image(image, figure),
            None => self.context.miss(self.context.take_unresolved()),
        }
    }

    /// Starts a caption; whether to read it now.
    pub(super) fn caption(&mut self, caption: NodeId) -> bool {
        if let Some(figure) = self.figures.open.last_mut()
            && figure.expects_image
            && !figure.has_image
        {
            figure.deferred.push(caption);
            return false;
        }
        self.flow.request(Gap::Blank);
        // A caption within a caption is a part of it.
        if self.figures.reading.is_none() && !self.figures.open.is_empty() {
            self.read_caption(caption, None);
        } else {
            self.end(caption, End::Gap(Gap::Blank));
        }
        true
    }

    /// Starts a block that may be the caption of the image right before it, by its class: `wp-caption-text`,
    /// `thumbcaption`, `image-caption`.  Whether it is.
    pub(super) fn loose_caption(&mut self, block: NodeId) -> bool {
        let Some(image) = self.flow.last_image() else { return false };
        let class = self.dom.attribute(block, &local_name!("class")).unwrap_or_default();
        let is_free = self.figures.reading.is_none() && self.figures.open.is_empty();
        let is_caption = is_free && class.to_ascii_lowercase().contains("caption");
        if is_caption {
            self.read_caption(block, Some(image));
        }
        is_caption
    }

    fn read_caption(&mut self, caption: NodeId, image: Option<usize>) {
        let item = self.flow.marker().unwrap_or_default().trim_start().to_owned();
        self.figures.reading = Some(Reading { mark: self.flow.mark(), item, image });
        self.end(caption, End::Caption);
    }

    pub(super) fn end_caption(&mut self) {
        self.flow.request(Gap::Blank);
        let Some(Reading { mark, item, image }) = self.figures.reading.take() else { return };
        let text = collapse_white_space(&clean(self.flow.since(mark)));
        let text = text.strip_prefix(&item).unwrap_or(&text);
        let max = self.context.limits.max_caption_chars;
        if let Some(image) = image.and_then(|position| self.flow.image_at(position)) {
            // What goes on for pages is an article with a strange class.
            if !text.is_empty() && text.len() <= max && image.caption.is_none() {
                self.context.say(text.len());
                image.caption = Some(text.to_owned());
            }
        } else if let Some(figure) = self.figures.open.last_mut() {
            if !figure.caption.is_empty() && !text.is_empty() {
                figure.caption.push(' ');
            }
            // The text node has all of it; what is said of each image is cut.
            figure.caption.push_str(text);
            cut(&mut figure.caption, max);
        }
    }

    pub(super) fn end_figure(&mut self, node: NodeId) {
        let Some(figure) = self.figures.open.last_mut() else { return };
        if !figure.deferred.is_empty() {
            let deferred = std::mem::take(&mut figure.deferred);
            figure.expects_image = false;
            self.end(node, End::Figure);
            self.steps.extend(deferred.into_iter().rev().map(Step::Only));
            return;
        }
        self.flow.request(Gap::Blank);
        let Some(figure) = self.figures.open.pop() else { return };
        if !figure.caption.is_empty() {
            for position in self.figures.uncaptioned.drain(figure.start..) {
                if self.context.too_long().is_some() {
                    break;
                }
                if let Some(image) = self.flow.image_at(position) {
                    self.context.say(figure.caption.len());
                    image.caption.get_or_insert_with(|| figure.caption.clone());
                }
            }
        }
        match self.figures.open.last_mut() {
            Some(around) => around.has_image |= figure.has_image,
            None => self.figures.uncaptioned.clear(),
        }
    }
}

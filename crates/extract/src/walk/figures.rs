//! Figures: their captions follow their images, and are written to them.

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
    /// Where the caption that is being read began.
    reading: Option<Mark>,
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
        if let Some(image) = node(gathering.ranked(), &[], self.context.limits) {
            self.add_image(image, figure);
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
            self.figures.reading = Some(self.flow.mark());
            self.end(caption, End::Caption);
        } else {
            self.end(caption, End::Gap(Gap::Blank));
        }
        true
    }

    pub(super) fn end_caption(&mut self) {
        self.flow.request(Gap::Blank);
        if let Some(mark) = self.figures.reading.take()
            && let Some(figure) = self.figures.open.last_mut()
        {
            let text = collapse_white_space(&clean(self.flow.since(mark)));
            if !figure.caption.is_empty() && !text.is_empty() {
                figure.caption.push(' ');
            }
            // The text node has all of it; what is said of each image is cut.
            figure.caption.push_str(&text);
            cut(&mut figure.caption, self.context.limits.max_caption_chars);
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

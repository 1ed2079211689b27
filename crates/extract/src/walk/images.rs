//! Image elements, and which of them are one image.

use html5ever::local_name;
use obelisc_document::ImageNode;

use super::Walk;
use crate::dom::{Dom, NodeId};
use crate::image::{Candidate, Context, Gathering, format, is_same_picture, node, read, resolve, value};
use crate::parse::start_tags;
use crate::structure::is_image;
use crate::style::hides;

/// The image element that came last, whether it gave a node or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastImage {
    None,
    /// The element gave the node at that position, or was merged into it.
    Shown {
        position: usize,
        element: NodeId,
        /// Whether the node has both a picture and its `noscript`.
        paired: bool,
    },
    /// The element offered nothing but placeholders; no text came since.
    Placeholder(NodeId),
}

/// The `a` around.
pub(super) struct Link {
    pub(super) element: NodeId,
    /// Where it leads, once an image asked: it is resolved once, however many images it holds.
    pub(super) target: Option<Option<Target>>,
}

/// Where a link leads.
pub(super) struct Target {
    url: String,
    is_picture: bool,
}

impl Walk<'_> {
    /// `img` and what stands for it.
    pub(super) fn image_element(&mut self, element: NodeId) {
        let attributes = self.dom.attributes(element);
        match read(attributes, &self.picture, &self.context) {
            Some(image) => self.add_image(image, element),
            None => {
                let unresolved = self.context.take_unresolved();
                match self.linked_picture(element) {
                    Some(image) => self.add_image(image, element),
                    None => {
                        self.context.miss(unresolved);
                        self.placeholder(element);
                    }
                }
            }
        }
        // What stands below (in an `amp-img`) is for those who cannot read it.
        for child in self.dom.children(element) {
            if self.dom.is_html(child, &local_name!("noscript")) {
                self.noscript(child);
            }
        }
    }

    /// An image element without any address, in a link that leads to a file of a picture: a script would have shown it.
    fn linked_picture(&mut self, element: NodeId) -> Option<ImageNode> {
        let url = self.target().filter(|target| target.is_picture)?.url.clone();
        let twin = neighbour(self.dom, element, Dom::next);
        if twin.is_some_and(|next| self.dom.is_html(next, &local_name!("noscript"))) {
            return None;
        }
        let mut gathering = Gathering::new(&self.context);
        gathering.address(&url, "link");
        node(gathering.ranked(), self.dom.attributes(element), self.context.limits)
    }

    /// What the `source`s of a picture offer: read once, however many images it holds.
    pub(super) fn sources(&self, picture: NodeId) -> Vec<Candidate> {
        let is_source = |child: &NodeId| self.dom.is_html(*child, &local_name!("source"));
        let sources = self.dom.children(picture).filter(is_source).take(self.context.limits.max_candidates);
        Gathering::new(&self.context).sources(sources.map(|source| self.dom.attributes(source)))
    }

    /// A picture of sources alone.
    pub(super) fn bare_picture(&mut self, picture: NodeId) {
        if self.picture.is_empty() {
            return self.context.miss(self.context.take_unresolved());
        }
        match read(&[], &self.picture, &self.context) {
            Some(image) => self.add_image(image, picture),
            None => {
                self.context.miss(self.context.take_unresolved());
                self.placeholder(picture);
            }
        }
    }

    pub(super) fn poster(&mut self, video: NodeId) {
        if let Some(poster) = self.dom.attribute(video, &local_name!("poster")) {
            let mut gathering = Gathering::new(&self.context);
            gathering.address(poster, "poster");
            match node(gathering.ranked(), &[], self.context.limits) {
                Some(image) => self.add_image(image, video),
                None => self.context.miss(self.context.take_unresolved()),
            }
        }
    }

    /// Reads the images of a `noscript`: the same picture as the one beside it, or one that scripts would show.
    pub(super) fn noscript(&mut self, noscript: NodeId) {
        let markup = self.dom.text_below(noscript);
        let tags = start_tags(&markup, |name| is_image(name) || *name == local_name!("source"));
        let single = tags.iter().filter(|(name, _)| is_image(name)).count() == 1;
        let mut sources = Vec::new();
        for (name, attributes) in &tags {
            if self.check_images().is_err() {
                return;
            }
            if *name == local_name!("source") {
                sources.push(attributes.as_slice());
                continue;
            }
            let style = value(attributes, &local_name!("style")).unwrap_or_default();
            let of_picture = Gathering::new(&self.context).sources(sources.drain(..));
            if hides(style) {
                continue;
            }
            let Some(mut image) = read(attributes, &of_picture, &self.context) else {
                self.context.miss(self.context.take_unresolved());
                continue;
            };
            image.source = "noscript".to_owned();
            let beside = single && self.is_beside_last_image(noscript) && !self.is_of_next(noscript, &image);
            match &mut self.last_image {
                LastImage::Shown { position, paired, .. }
                    if beside && !*paired && self.flow.last_image() == Some(*position) =>
                {
                    *paired = true;
                    let position = *position;
                    self.merge(position, image);
                }
                last => {
                    let is_of_placeholder = beside && matches!(last, LastImage::Placeholder(_));
                    if is_of_placeholder {
                        self.context.find_after_all();
                    }
                    self.add_image(image, noscript);
                    if let LastImage::Shown { paired, .. } = &mut self.last_image {
                        *paired |= is_of_placeholder;
                    }
                }
            }
        }
    }

    /// Whether the image element that came last stands right before `node`, alone or in its picture.
    fn is_beside_last_image(&self, node: NodeId) -> bool {
        let (LastImage::Shown { element: last, .. } | LastImage::Placeholder(last)) = self.last_image else {
            return false;
        };
        let is_picture = |parent: &NodeId| self.dom.is_html(*parent, &local_name!("picture"));
        let around = |node: NodeId| self.dom.parent(node).filter(is_picture).unwrap_or(node);
        self.dom.parent(node) == Some(last)
            || neighbour(self.dom, around(node), Dom::previous) == Some(around(last))
            || around(node) == around(last)
    }

    /// Whether the image of a `noscript` is that of the image element right after it.
    fn is_of_next(&self, noscript: NodeId, image: &ImageNode) -> bool {
        neighbour(self.dom, noscript, Dom::next).filter(|&next| is_image_name(self.dom, next)).is_some_and(|next| {
            self.dom.attributes(next).iter().any(|attribute| attribute.value.contains(&image.unformatted_src))
        })
    }

    fn placeholder(&mut self, element: NodeId) {
        if self.flow.last_image().is_none() {
            self.last_image = LastImage::Placeholder(element);
        }
    }

    /// Adds an image, unless it is the one before once more.
    pub(super) fn add_image(&mut self, mut image: ImageNode, element: NodeId) {
        image.link = self.target().map(|target| target.url.clone());
        self.context.say(image.text_bytes());
        if let Some(position) = self.flow.last_image() {
            let twin = self.is_twin(position, element);
            if let Some(last) = self.flow.image_at(position)
                && (twin || is_same_image(last, &image, &self.context))
            {
                self.merge(position, image);
                self.last_image = LastImage::Shown { position, element, paired: twin };
                return;
            }
        }
        self.images += 1;
        let position = self.flow.image(image, element);
        self.figures.image(position);
        self.last_image = LastImage::Shown { position, element, paired: false };
    }

    /// Whether the last image came from a `noscript` that stands right before this element.
    fn is_twin(&mut self, position: usize, element: NodeId) -> bool {
        let from_noscript = self.flow.image_at(position).is_some_and(|last| last.source == "noscript")
            && matches!(self.last_image, LastImage::Shown { paired: false, .. });
        from_noscript && is_image_name(self.dom, element) && self.is_beside_last_image(element)
    }

    /// Adds to the image at `position` what another element says of it.
    fn merge(&mut self, position: usize, other: ImageNode) {
        let max = self.context.limits.max_candidates;
        let Some(image) = self.flow.image_at(position) else { return };
        // Compared one by one: the image may have many candidates already, and be said again by very short tags.
        for url in std::iter::once(other.src).chain(other.candidates) {
            if image.candidates.len() + 1 < max && image.candidate_urls().all(|known| known != url) {
                image.candidates.push(url);
            }
        }
        let fill = |own: &mut Option<String>, other: Option<String>| {
            if own.is_none() {
                *own = other;
            }
        };
        fill(&mut image.alt_text, other.alt_text);
        fill(&mut image.title, other.title);
        fill(&mut image.link, other.link);
        if image.rendered_width.is_none() && image.rendered_height.is_none() {
            (image.rendered_width, image.rendered_height) = (other.rendered_width, other.rendered_height);
        }
    }

    /// Where the link around leads.
    fn target(&mut self) -> Option<&Target> {
        let (dom, context) = (self.dom, &self.context);
        let link = self.link.as_mut()?;
        let target = link.target.get_or_insert_with(|| {
            let href = dom.attribute(link.element, &local_name!("href"))?;
            let url = resolve(context.base.as_ref(), href, context.limits.max_url_bytes);
            context.say(url.as_ref().or(context.base.as_ref()).map_or(0, |url| url.as_str().len()));
            let url = String::from(url?);
            // Wikis name the page about a file as the file.
            let is_page = url.rsplit('/').next().is_some_and(|file| file.contains(':'));
            let is_picture = !is_page && format(&url).is_some();
            Some(Target { url, is_picture })
        });
        target.as_ref()
    }
}

fn is_image_name(dom: &Dom, node: NodeId) -> bool {
    dom.element(node).is_some_and(|(name, _)| is_image(name))
}

/// Whether two images in a row are one: the same source, another size of it, or what the other's link opens.
/// A source that is written in another way is shown again on purpose.
fn is_same_image(one: &ImageNode, other: &ImageNode, context: &Context<'_>) -> bool {
    if one.src == other.src {
        return one.unformatted_src == other.unformatted_src
            || [one, other].iter().any(|image| image.source == "noscript");
    }
    let links = |from: &ImageNode, to: &ImageNode| from.link.as_ref().is_some_and(|link| *link == to.src);
    one.candidates.contains(&other.src)
        || other.candidates.contains(&one.src)
        || links(one, other)
        || links(other, one)
        || {
            // Both are taken apart, and the first may be long and come again and again.
            context.say(one.src.len());
            is_same_picture(&one.src, &other.src)
        }
}

/// Nearest element on one side of `node` among its siblings, with nothing but white space between.
fn neighbour(dom: &Dom, node: NodeId, step: fn(&Dom, NodeId) -> Option<NodeId>) -> Option<NodeId> {
    let mut at = step(dom, node);
    while let Some(sibling) = at {
        match dom.text(sibling) {
            Some(text) if text.trim_ascii().is_empty() => at = step(dom, sibling),
            Some(_) => return None,
            None => return Some(sibling),
        }
    }
    None
}

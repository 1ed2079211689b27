//! The order of copies: the greatest stays.

use obelisc_document::{DocId, Document};

/// Which copy stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// None of them.
    None,
    /// The one captured last; of those captured at once, the one with the greatest document id, then the last in its document.
    Newest,
    /// Those of the archive whose name sorts last, all of them, as the OBELICS reference has it.
    LastArchive,
}

impl Keep {
    /// The name in a recipe.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Newest => "newest",
            Self::LastArchive => "last_archive",
        }
    }

    /// Whether a copy at this place stays, beside one at the greatest place of all.
    pub fn stays(self, place: &Place, best: &Place) -> bool {
        match self {
            Self::None => false,
            Self::Newest => place == best,
            Self::LastArchive => place.rank() == best.rank(),
        }
    }
}

/// Where a copy stands among its like, as bytes that sort in that order: what the recipe orders by, then document id, ordinal and paragraph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub Vec<u8>);

/// Bytes behind the rank: 0, the document id, and node and paragraph.
const TAIL: usize = 1 + 16 + 4 + 4;

impl Place {
    pub(crate) fn of(keep: Keep, document: &Document, ordinal: Option<u32>, paragraph: Option<u32>) -> Self {
        let page = &document.page;
        let mut place = match keep {
            Keep::None => Vec::new(),
            // Archives write dates in several forms; the digits of all of them stand in one order.
            Keep::Newest => page.warc_date.bytes().filter(u8::is_ascii_digit).collect(),
            Keep::LastArchive => page.warc_filename.replace('\0', "").into_bytes(),
        };
        // No rank holds a 0, so a rank that another begins with sorts before it.
        place.push(0);
        place.extend(document.id.0);
        place.extend(ordinal.unwrap_or_default().to_be_bytes());
        place.extend(paragraph.unwrap_or_default().to_be_bytes());
        Self(place)
    }

    fn rank(&self) -> &[u8] {
        self.0.get(..self.0.len().saturating_sub(TAIL)).unwrap_or_default()
    }

    /// The document of the copy; `None` of bytes that are no place.
    pub fn document(&self) -> Option<DocId> {
        let from = self.0.len().checked_sub(TAIL)? + 1;
        DocId::from_slice(self.0.get(from..from + 16)?)
    }
}

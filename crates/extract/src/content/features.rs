//! What the model sees of a paragraph.  Integers only; shares are in thousandths.

use std::borrow::Cow;

use foldhash::{HashMap, HashSet};
use obelisc_text::collapse_white_space;

use super::model::Dictionary;
use super::names::Names;
use super::skeleton::{Skeleton, Sums, Tag};
use super::units::Unit;

/// Elements around a paragraph whose sums are looked at.
const LEVELS: usize = 5;
/// Elements around a paragraph whose names are looked at, at most.
const MOST_LEVELS: usize = 48;
/// Elements around a paragraph that tell what its template is.
const PATH_LEVELS: usize = 4;
/// What is not there.
const NOTHING: i32 = -1;
/// Distance to what is not there.
const FAR: i32 = 16;
/// A longer paragraph's words are not looked up, in bytes; and how many of a shorter one's are.
const SHORT: usize = 200;
const MOST_WORDS: usize = 12;
/// Words of a paragraph that are looked for in the title, at most.
const MOST_TITLE_WORDS: u32 = 40;
/// Neighbours that are looked at, by distance.
const NEIGHBOURS: [isize; 6] = [-1, 1, -2, 2, -3, 3];
/// Windows before and behind, in units.
const REACHES: [usize; 3] = [4, 10, 25];

const TEXT: [&str; 19] = [
    "characters",
    "words",
    "link_share",
    "ends",
    "commas",
    "digit_share",
    "capital_share",
    "lines",
    "words_per_line",
    "bars",
    "is_ended",
    "has_copyright",
    "word_length",
    "copies",
    "copy",
    "words_per_end",
    "is_heading",
    "title_share",
    "title_words",
];
const AROUND: [&str; 9] = [
    "text",
    "link_share",
    "prose_share",
    "share_of_page",
    "prose_share_of_page",
    "paragraphs",
    "mean",
    "images",
    "alike",
];
const PLACE: [&str; 9] = [
    "trunk_distance",
    "depth",
    "position",
    "text_position",
    "from_heading",
    "from_first_prose",
    "from_last_prose",
    "index",
    "index_from_end",
];
const NEIGHBOUR: [&str; 5] = ["words", "link_share", "ends", "kind", "likeness"];
const WINDOW: [&str; 3] = ["mean", "link_share", "prose_share"];
const PATH: [&str; 5] = ["units", "mean", "link_share", "share_of_page", "prose_share"];
const PAGE: [&str; 6] = ["text", "link_share", "prose_share", "paragraphs", "mean", "images"];
/// By the dictionaries.
const LEARNED: [&str; 8] =
    ["word_min", "word_max", "word_mean", "word_sum", "word_count", "address_min", "address_max", "address_sum"];

/// How many features the model's dictionaries give: the last ones.
pub(super) const LEARNED_FEATURES: usize = Names::FEATURES.len() + LEARNED.len();

/// Names of the features, in their order.
pub(super) fn names() -> Vec<String> {
    let mut names: Vec<String> = TEXT.map(str::to_owned).to_vec();
    names.extend(Tag::NAMED.iter().map(|tag| format!("from_{tag:?}").to_lowercase()));
    names.extend(PLACE.map(str::to_owned));
    names.extend((1..=LEVELS).flat_map(|level| AROUND.map(|name| format!("around_{level}_{name}"))));
    names.extend(NEIGHBOURS.iter().flat_map(|step| NEIGHBOUR.map(|name| format!("neighbour_{step:+}_{name}"))));
    let windows = REACHES.iter().flat_map(|reach| [format!("before_{reach}"), format!("after_{reach}")]);
    names.extend(windows.flat_map(|window| WINDOW.map(|name| format!("{window}_{name}"))));
    names.extend(PATH.map(|name| format!("template_{name}")));
    names.extend(PAGE.map(|name| format!("page_{name}")));
    names.extend(Names::FEATURES.map(str::to_owned));
    names.extend(LEARNED.map(str::to_owned));
    names
}

/// A page, seen from its paragraphs.
pub(super) struct View<'a> {
    units: &'a [Unit],
    skeleton: &'a Skeleton,
    dictionary: &'a Dictionary,
    /// What the units before each one hold, from the first on.
    sums: Vec<Sums>,
    /// The element that two thirds of the prose are in, as deep as there is one.
    trunk: u32,
    first_heading: usize,
    first_prose: usize,
    last_prose: usize,
    /// For each unit, its template; for each template, how many units it has and what they hold.
    templates: Vec<u64>,
    template_sums: HashMap<u64, (u32, Sums)>,
    title: HashSet<String>,
    address: [i32; 3],
}

/// What a paragraph's words are.
#[derive(Default)]
struct Said {
    /// Words, and those of the page's title among them.
    all: u32,
    shared: u32,
    /// By the dictionary, what each of the first ones is worth; 0 where there are no more.
    values: [i32; MOST_WORDS],
}

/// Share in thousandths.
fn share(part: u32, whole: u32) -> i32 {
    (u64::from(part) * 1000 / u64::from(whole.max(1))) as i32
}

/// A count, as far as it can matter.
fn count(count: u32) -> i32 {
    count.min(1 << 30) as i32
}

/// The words of a text, in small letters.
fn words(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(lower)
}

fn lower(word: &str) -> Cow<'_, str> {
    let is_lower = |c: char| c.is_ascii_lowercase() || !c.is_ascii() && c.to_lowercase().eq([c]);
    if word.chars().all(is_lower) { Cow::Borrowed(word) } else { Cow::Owned(word.to_lowercase()) }
}

/// The words of a short paragraph that are looked up, each once.
pub(super) fn short_words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if text.len() < SHORT {
        for word in words(text).take(MOST_WORDS) {
            if !found.iter().any(|known| *known == word) {
                found.push(word.into_owned());
            }
        }
    }
    found
}

/// The words of an address that are looked up: those of its path, and the first name of its host.
pub(super) fn address_words(url: &str) -> Vec<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (host, path) = rest[..end].split_once('/').unwrap_or((&rest[..end], ""));
    let mut found: Vec<String> = Vec::new();
    let first = host.split('.').next().unwrap_or_default();
    for word in words(path).chain(words(first)).take(64).filter(|word| word.len() < 20) {
        if !found.iter().any(|known| *known == word) {
            found.push(word.into_owned());
        }
    }
    found
}

/// Lowest, highest, sum and number of what is not 0.
fn ends_and_sum(values: impl Iterator<Item = i32>) -> (i32, i32, i32, i32) {
    values.filter(|&value| value != 0).fold((0, 0, 0, 0), |(low, high, sum, count), value| {
        let (low, high) = if count == 0 { (value, value) } else { (low.min(value), high.max(value)) };
        (low, high, sum + value, count + 1)
    })
}

impl<'a> View<'a> {
    pub(super) fn new(
        units: &'a [Unit],
        skeleton: &'a Skeleton,
        dictionary: &'a Dictionary,
        title: &str,
        url: &str,
    ) -> Self {
        let mut sums = Vec::with_capacity(units.len() + 1);
        let mut so_far = Sums::default();
        sums.push(so_far);
        let mut templates = Vec::with_capacity(units.len());
        let mut template_sums: HashMap<u64, (u32, Sums)> = HashMap::default();
        for unit in units {
            so_far.add(&unit.sums());
            sums.push(so_far);
            let path = skeleton.up(unit.bone).take(PATH_LEVELS);
            let template = path.fold(u64::from(unit.is_image), |path, bone| {
                path.rotate_left(9).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ bone.look
            });
            templates.push(template);
            let (units, sums) = template_sums.entry(template).or_default();
            *units += 1;
            sums.add(&unit.sums());
        }
        let mut trunk = 0;
        let prose = u64::from(skeleton.bones[0].sums.prose);
        for (bone, at) in skeleton.bones.iter().zip(0..).skip(1) {
            if bone.parent == trunk && u64::from(bone.sums.prose) * 3 > prose * 2 {
                trunk = at;
            }
        }
        let heading = units.iter().position(|unit| unit.is_first_heading);
        let heading = heading.or_else(|| units.iter().position(|unit| unit.is_heading));
        let values = address_words(url).into_iter().map(|word| dictionary.address.get(&word).copied().unwrap_or(0));
        let (low, high, sum, _) = ends_and_sum(values);
        Self {
            units,
            skeleton,
            dictionary,
            sums,
            trunk,
            first_heading: heading.unwrap_or(0),
            first_prose: units.iter().position(Unit::is_prose).unwrap_or(0),
            last_prose: units.iter().rposition(Unit::is_prose).unwrap_or(units.len()),
            templates,
            template_sums,
            title: words(&collapse_white_space(title)).map(Cow::into_owned).collect(),
            address: [low, high, sum],
        }
    }

    /// Writes the features of a unit into `row`.
    pub(super) fn features(&self, i: usize, text: &str, row: &mut Vec<i32>) {
        row.clear();
        let unit = &self.units[i];
        let said = self.said(unit, text);
        self.text(unit, &said, row);
        self.elements(i, unit, row);
        self.neighbours(i, unit, row);
        let page = &self.skeleton.bones[0].sums;
        let (units, sums) = self.template_sums.get(&self.templates[i]).copied().unwrap_or_default();
        row.extend([
            count(units),
            count(sums.text / units.max(1)),
            share(sums.linked, sums.text),
            share(sums.text, page.text),
            share(sums.prose, sums.text),
        ]);
        row.extend([
            count(page.text),
            share(page.linked, page.text),
            share(page.prose, page.text),
            count(page.paragraphs),
            count(page.text / page.paragraphs.max(1)),
            count(page.images),
        ]);
        row.extend(self.skeleton.bones[unit.bone as usize].names.features());
        let (low, high, sum, known) = ends_and_sum(said.values.into_iter());
        row.extend([low, high, sum.div_euclid(known.max(1)), sum, known]);
        row.extend(self.address);
    }

    /// Looks up the words of a paragraph.
    fn said(&self, unit: &Unit, text: &str) -> Said {
        let (is_titled, is_short) = (unit.look.words <= MOST_TITLE_WORDS, text.len() < SHORT);
        let mut said = Said::default();
        // The known ones so far.
        let (mut seen, mut known) = ([""; MOST_WORDS], 0);
        let most = if is_titled { usize::MAX } else { MOST_WORDS };
        for (i, word) in words(text).take(if is_titled || is_short { most } else { 0 }).enumerate() {
            if is_titled {
                said.all += 1;
                said.shared += u32::from(self.title.contains(&*word));
            }
            if is_short
                && i < MOST_WORDS
                && let Some((word, &value)) = self.dictionary.words.get_key_value(&*word)
                && !seen[..known].contains(&word.as_str())
            {
                (seen[known], said.values[known]) = (word, value);
                known += 1;
            }
        }
        said
    }

    fn text(&self, unit: &Unit, said: &Said, row: &mut Vec<i32>) {
        let look = &unit.look;
        row.extend([
            count(look.characters),
            count(look.words),
            share(unit.linked, unit.text),
            count(look.ends),
            count(look.commas),
            share(look.digits, look.characters),
            share(look.capitals, look.characters),
            count(look.lines),
            share(look.words, look.lines) / 100,
            count(look.bars),
            i32::from(look.is_ended),
            i32::from(look.has_copyright),
            share(look.characters, look.words),
            count(unit.copies),
            count(unit.copy),
            share(look.words, look.ends) / 100,
            i32::from(unit.is_heading),
            share(said.shared, said.all),
            count(said.shared),
        ]);
    }

    /// The elements around: their kinds, the place on the page, what they hold.
    fn elements(&self, i: usize, unit: &Unit, row: &mut Vec<i32>) {
        let page = &self.skeleton.bones[0].sums;
        let mut tags = [FAR; Tag::COUNT];
        let (mut from_trunk, mut is_below) = (0, self.trunk == 0);
        let mut at = unit.bone;
        for (bone, level) in self.skeleton.up(unit.bone).take(MOST_LEVELS).zip(0..) {
            let tag = &mut tags[bone.tag as usize];
            *tag = (*tag).min(level);
            is_below |= at == self.trunk;
            from_trunk += i32::from(!is_below || self.trunk == 0);
            at = bone.parent;
        }
        row.extend(Tag::NAMED.map(|tag| tags[tag as usize]));
        let (at, units) = (i as i64, self.units.len() as i64);
        let from = |place: usize, low, high| (at - place as i64).clamp(low, high) as i32;
        row.extend([
            if is_below { from_trunk } else { NOTHING },
            count(self.skeleton.bones[unit.bone as usize].depth),
            (at * 1000 / units.max(1)) as i32,
            share(self.sums[i].text, page.text),
            from(self.first_heading, -50, 200),
            from(self.first_prose, -50, 200),
            from(self.last_prose, -200, 50),
            at.min(200) as i32,
            (units - at).min(200) as i32,
        ]);
        let (mut levels, mut last) = (0, 0);
        for bone in self.skeleton.up(unit.bone) {
            let sums = &bone.sums;
            // An element that holds no more than the one below it says nothing new.
            if levels > 0 && sums.text == last {
                continue;
            }
            last = sums.text;
            row.extend([
                count(sums.text),
                share(sums.linked, sums.text),
                share(sums.prose, sums.text),
                share(sums.text, page.text),
                share(sums.prose, page.prose),
                count(sums.paragraphs),
                count(sums.text / sums.paragraphs.max(1)),
                count(sums.images),
                count(bone.alike),
            ]);
            levels += 1;
            if levels == LEVELS {
                break;
            }
        }
        row.extend(std::iter::repeat_n(NOTHING, (LEVELS - levels) * AROUND.len()));
    }

    fn neighbours(&self, i: usize, unit: &Unit, row: &mut Vec<i32>) {
        for step in NEIGHBOURS {
            let at = i.checked_add_signed(step);
            let Some((at, other)) = at.and_then(|at| Some((at, self.units.get(at)?))) else {
                row.extend([NOTHING; NEIGHBOUR.len()]);
                continue;
            };
            row.extend([
                count(other.look.words),
                share(other.linked, other.text),
                count(other.look.ends),
                i32::from(other.is_image) * 2 + i32::from(other.is_heading),
                i32::from(self.templates[at] == self.templates[i]) + i32::from(other.bone == unit.bone),
            ]);
        }
        for reach in REACHES {
            let behind = (i + 1 + reach).min(self.units.len());
            for range in [i.saturating_sub(reach)..i, i + 1..behind] {
                let sums = self.sums[range.end].less(&self.sums[range.start]);
                row.extend([
                    count(sums.text / (range.len() as u32).max(1)),
                    share(sums.linked, sums.text),
                    share(sums.prose, sums.text),
                ]);
            }
        }
    }
}

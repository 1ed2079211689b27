//! The tables `[dedup…]` of a recipe.

use obelisc_dedup::{Comparison, Domain, Hamming, Keep, Kind, MinHash, SimHash, Tokenization};
use obelisc_filter::options::Options;

use super::{Sections, Stage};

/// Most passes of the stage; the last is of what only attached images tell.
pub(crate) const MAX_PASSES: usize = 6;

/// What is compared in the stage `dedup`.
#[derive(Clone, Debug, Default)]
pub struct Dedup {
    /// The passes in their order, each of comparisons of one and the same input.
    pub passes: Vec<Vec<Comparison>>,
    /// Whether documents are judged again by the rules on documents.
    pub rejudge: bool,
}

impl Dedup {
    /// The comparisons of a pass, by its number from 0.
    pub(crate) fn pass(&self, number: usize) -> &[Comparison] {
        self.passes.get(number).map(Vec::as_slice).unwrap_or_default()
    }

    /// The number of the first pass that compares what only attached images tell; that of all passes where none does.
    pub(crate) fn first_attached(&self) -> usize {
        let is_attached = |pass: &Vec<Comparison>| pass.iter().any(|comparison| comparison.kind.needs_image_bytes());
        self.passes.iter().position(is_attached).unwrap_or(self.passes.len())
    }

    /// Whether a pass finds near copies.
    pub(crate) fn is_near(&self, pass: usize) -> bool {
        self.pass(pass).iter().any(|comparison| comparison.kind.is_near())
    }
}

pub(super) fn read(mut options: Options<'_>, sections: &mut Sections, stages: &[Stage]) -> Dedup {
    let is_asked = stages.contains(&Stage::Dedup);
    let rejudge =
        options.flag("rejudge", true, "judge documents again by the rules on documents, once copies are gone");
    let (mut passes, mut attached): (Vec<Vec<Comparison>>, Vec<Comparison>) =
        (vec![Vec::new(); MAX_PASSES - 1], Vec::new());
    for kind in Kind::ALL {
        let given = options.has(kind.name());
        let mut table = options.table(kind.name());
        let into = if kind.needs_image_bytes() {
            if given && is_asked && !stages.contains(&Stage::Attach) {
                table.problem("", "compares the bytes of images, which the stages fetch and attach bring");
            }
            Some(&mut attached)
        } else {
            let pass = table.integer(
                "pass",
                1,
                1..=MAX_PASSES as u64 - 1,
                "when it is compared: comparisons of one pass see the same documents, those of the next what is left",
            );
            usize::try_from(pass).ok().and_then(|pass| passes.get_mut(pass - 1))
        };
        let comparison = comparison(kind, &mut table);
        let taken = table.finish();
        sections.declared.extend(taken.declared);
        if given {
            sections.canonical.insert(format!("dedup.{}", kind.name()), taken.canonical.into());
            into.into_iter().for_each(|pass| pass.push(comparison));
        }
    }
    let used = passes.iter().rposition(|pass| !pass.is_empty()).map_or(0, |last| last + 1);
    passes.truncate(used);
    for (_, number) in passes.iter().zip(1..).filter(|(pass, _)| pass.is_empty()) {
        options.problem("", format!("pass {number} compares nothing, and a later one does; passes are counted from 1"));
    }
    passes.extend(Some(attached).filter(|attached| !attached.is_empty()));
    if is_asked && passes.is_empty() {
        let kinds = Kind::ALL.map(Kind::name).join(", ");
        options.problem("", format!("nothing is compared; name tables [dedup.KIND] of {kinds}"));
    }
    sections.add("dedup", options.finish());
    Dedup { passes, rejudge }
}

fn comparison(kind: Kind, table: &mut Options<'_>) -> Comparison {
    let default = Comparison::new(kind, Keep::Newest);
    match kind {
        Kind::PageUrl | Kind::DocumentText | Kind::ImageSet => Comparison { keep: keep_of_documents(table), ..default },
        Kind::MinHash => Comparison { keep: keep_of_documents(table), minhash: minhash(table), ..default },
        Kind::SimHash => Comparison { keep: keep_of_documents(table), simhash: simhash(table), ..default },
        Kind::ImageUrl | Kind::ImageContent => of_images(kind, table),
        Kind::ImagePerceptual => {
            let comparison = of_images(kind, table);
            Comparison { perceptual: hamming(table, comparison.perceptual), ..comparison }
        }
        Kind::Paragraph => {
            let meaning = "among which pages: those of a registered domain, or of a host";
            let domain = match table.choice("domain", &["registered", "host"], meaning) {
                "host" => Domain::Host,
                _ => Domain::Registered,
            };
            Comparison {
                keep: keep_of(table.choice("keep", &["none", "newest"], "which copy stays")),
                max_copies: table.integer(
                    "max_copies",
                    2,
                    1..=1 << 40,
                    "how often a paragraph may stand before its copies go",
                ),
                domain,
                ..default
            }
        }
    }
}

fn of_images(kind: Kind, table: &mut Options<'_>) -> Comparison {
    let keep = keep_of(table.choice("keep", &["none", "newest"], "which copy stays"));
    let meaning = "how often an image may be shown before its copies go";
    let max_copies = table.integer("max_copies", 10, 1..=1 << 40, meaning);
    Comparison { max_copies, ..Comparison::new(kind, keep) }
}

fn keep_of_documents(table: &mut Options<'_>) -> Keep {
    keep_of(table.choice(
        "keep",
        &["newest", "last_archive"],
        "which copy stays: the one captured last, or those of the archive whose name sorts last",
    ))
}

fn minhash(table: &mut Options<'_>) -> MinHash {
    let meaning = "where the other values come from that are not given: 14 bands of 8 minima as FineWeb, or 4 of 4 for the 16 hashes of the OBELICS paper";
    let preset = match table.choice("preset", &["fineweb", "obelics"], meaning) {
        "obelics" => MinHash::OBELICS,
        _ => MinHash::FINEWEB,
    };
    let options = MinHash {
        ngram: small(table, "ngram", preset.ngram, 1..=100, "words of an n-gram"),
        permutations: small(
            table,
            "permutations",
            preset.permutations,
            1..=4096,
            "minima that are taken of the n-grams",
        ),
        bands: small(
            table,
            "bands",
            preset.bands,
            1..=1024,
            "bands that the minima are cut into; one in common is enough",
        ),
    };
    if !options.permutations.is_multiple_of(options.bands) {
        let MinHash { permutations, bands, .. } = options;
        table.problem("bands", format!("{permutations} permutations cannot be cut into {bands} equal bands"));
    }
    options
}

fn simhash(table: &mut Options<'_>) -> SimHash {
    let meaning = "where the other values come from that are not given: those of the ROOTS corpus for most languages, for English, for Galician";
    let preset = match table.choice("preset", &["roots", "roots_en", "roots_gl"], meaning) {
        "roots_en" => SimHash::ROOTS_EN,
        "roots_gl" => SimHash::ROOTS_GL,
        _ => SimHash::ROOTS,
    };
    let names: [&'static str; 2] = match preset.tokens {
        Tokenization::Space => ["space", "character"],
        _ => ["character", "space"],
    };
    let tokens =
        match table.choice("tokens", &names, "what a token is: a character, or what stands between white space") {
            "space" => Tokenization::Space,
            _ => Tokenization::Character,
        };
    let window = small(table, "window", preset.window, 1..=100, "tokens of a run; each run votes on every bit");
    SimHash { tokens, window, hamming: hamming(table, preset.hamming) }
}

fn hamming(table: &mut Options<'_>, default: Hamming) -> Hamming {
    let meaning = "of 64 bits, in how many copies may differ";
    let max_distance = small(table, "max_distance", default.max_distance, 0..=16, meaning);
    let meaning = "blocks that the bits are cut into; more than max_distance";
    let blocks = small(table, "blocks", default.blocks, 1..=32, meaning);
    let options = Hamming { max_distance, blocks };
    if blocks <= max_distance {
        table.problem(
            "blocks",
            format!("at least one more than max_distance = {max_distance}, or near copies are missed"),
        );
    } else if options.bands() > MAX_CHOICES {
        let message = format!(
            "max_distance = {max_distance} of {blocks} blocks leaves {} choices; at most {MAX_CHOICES}",
            options.bands()
        );
        table.problem("blocks", message);
    }
    options
}

/// Most bands of a document or an image.
const MAX_CHOICES: u64 = 1000;

fn small(
    table: &mut Options<'_>,
    key: &'static str,
    default: u32,
    range: std::ops::RangeInclusive<u64>,
    meaning: &'static str,
) -> u32 {
    u32::try_from(table.integer(key, default.into(), range, meaning)).unwrap_or(default)
}

fn keep_of(name: &str) -> Keep {
    [Keep::None, Keep::Newest, Keep::LastArchive].into_iter().find(|keep| keep.name() == name).unwrap_or(Keep::Newest)
}

//! The tables `[dedup…]` of a recipe.

use obelisc_dedup::{Comparison, Domain, Keep, Kind};
use obelisc_filter::options::Options;

use super::{Sections, Stage};

/// Most passes of the stage.
pub(crate) const MAX_PASSES: usize = 4;

/// What is compared in the stage `dedup`.
#[derive(Clone, Debug, Default)]
pub struct Dedup {
    /// The passes in their order, each of comparisons of one and the same input.
    pub passes: Vec<Vec<Comparison>>,
    /// Whether documents are judged again by the rules on documents.
    pub rejudge: bool,
}

pub(super) fn read(mut options: Options<'_>, sections: &mut Sections, stages: &[Stage]) -> Dedup {
    let is_asked = stages.contains(&Stage::Dedup);
    let rejudge =
        options.flag("rejudge", true, "judge documents again by the rules on documents, once copies are gone");
    let mut passes: Vec<Vec<Comparison>> = vec![Vec::new(); MAX_PASSES];
    let mut any = false;
    for kind in Kind::ALL {
        let given = options.has(kind.name());
        any |= given;
        let mut table = options.table(kind.name());
        let pass = table.integer(
            "pass",
            1,
            1..=MAX_PASSES as u64,
            "when it is compared: comparisons of one pass see the same documents, those of the next what is left",
        );
        let comparison = comparison(kind, &mut table);
        let taken = table.finish();
        sections.declared.extend(taken.declared);
        if given {
            sections.canonical.insert(format!("dedup.{}", kind.name()), taken.canonical.into());
            if let Some(pass) = usize::try_from(pass).ok().and_then(|pass| passes.get_mut(pass - 1)) {
                pass.push(comparison);
            }
        }
    }
    if is_asked && !any {
        let kinds = Kind::ALL.map(Kind::name).join(", ");
        options.problem("", format!("nothing is compared; name tables [dedup.KIND] of {kinds}"));
    }
    let used = passes.iter().rposition(|pass| !pass.is_empty()).map_or(0, |last| last + 1);
    passes.truncate(used);
    for (empty, number) in passes.iter().zip(1..).filter(|(pass, _)| pass.is_empty()) {
        let _ = empty;
        options.problem("", format!("pass {number} compares nothing, and a later one does; passes are counted from 1"));
    }
    sections.add("dedup", options.finish());
    Dedup { passes, rejudge }
}

fn comparison(kind: Kind, table: &mut Options<'_>) -> Comparison {
    let default = Comparison::new(kind, Keep::Newest);
    match kind {
        Kind::PageUrl | Kind::DocumentText | Kind::ImageSet => {
            let keep = table.choice(
                "keep",
                &["newest", "last_archive"],
                "which copy stays: the one captured last, or those of the archive whose name sorts last",
            );
            Comparison { keep: keep_of(keep), ..default }
        }
        Kind::ImageUrl => Comparison {
            keep: keep_of(table.choice("keep", &["none", "newest"], "which copy stays")),
            max_copies: table.integer(
                "max_copies",
                10,
                1..=1 << 40,
                "how often an image may be shown before its copies go",
            ),
            ..default
        },
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

fn keep_of(name: &str) -> Keep {
    [Keep::None, Keep::Newest, Keep::LastArchive].into_iter().find(|keep| keep.name() == name).unwrap_or(Keep::Newest)
}

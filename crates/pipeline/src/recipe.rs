//! Recipe: WHICH dataset.  Stages in order and every threshold; no machine, no path, no thread count.

mod classifiers;
mod dedup;
mod extract;
mod fetch;
mod finish;
mod resources;
mod select;

use std::collections::BTreeSet;

use obelisc_filter::RuleSpec;
use obelisc_filter::options::{Declared, Options, Problem, Source, Taken};
use obelisc_image::Reencode;
use obelisc_shard::Card;
use serde_json::{Map, Value, json};

pub use self::classifiers::Classifiers;
pub use self::dedup::Dedup;
pub(crate) use self::dedup::MAX_PASSES;
pub use self::extract::{Extract, Skip};
pub use self::fetch::Fetch;
pub use self::finish::{Finish, Order};
pub use self::resources::{OpenedFiles, ResourcePaths};
pub use self::select::Select;
pub(crate) use self::select::{IN_PATHS, INDEX, PLACE};
use crate::judging::{self, Judging};
use crate::stage_order;

/// Version of the recipe format.
const FORMAT: u64 = 1;

/// A stage of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The columnar index → the records that are read.
    Select,
    /// Archives → documents.
    Extract,
    /// Rules on text, URLs and image references.
    Filter,
    /// Copies of pages, texts, images and paragraphs go.
    Dedup,
    /// Images that surviving documents want → the image store.
    Fetch,
    /// Image facts to documents; rules again.
    Attach,
    /// The last cleaning of whole documents.
    Clean,
    /// Documents → shards, manifest, card.
    Finish,
}

impl Stage {
    /// All stages, in the order in which a recipe may name them.
    pub const ALL: [Self; 8] =
        [Self::Select, Self::Extract, Self::Filter, Self::Dedup, Self::Fetch, Self::Attach, Self::Clean, Self::Finish];

    /// The name in a recipe.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Extract => "extract",
            Self::Filter => "filter",
            Self::Dedup => "dedup",
            Self::Fetch => "fetch",
            Self::Attach => "attach",
            Self::Clean => "clean",
            Self::Finish => "finish",
        }
    }
}

/// A checked recipe.
#[derive(Debug)]
pub struct Recipe {
    /// Short name.
    pub name: String,
    /// The file's text, byte for byte.
    pub text: String,
    /// Keys that the command line set.
    pub overrides: Vec<String>,
    /// The stages, in order.
    pub stages: Vec<Stage>,
    /// Which captures are read.
    pub select: Select,
    /// Extraction.
    pub extract: Extract,
    /// Languages, edits and rules.
    pub judging: Judging,
    /// Duplicates.
    pub dedup: Dedup,
    /// Image fetch.
    pub fetch: Fetch,
    /// Classifiers of images.
    pub classifiers: Classifiers,
    /// Bytes of images that one document may hold.
    pub max_document_bytes: u64,
    /// The last cleaning.
    pub clean: Clean,
    /// Shards.
    pub finish: Finish,
    /// What the dataset card says that no run can know.
    pub card: Card,
    /// Canonical options of each section: what enters the digests.
    pub canonical: Map<String, Value>,
}

/// What a recipe is read with beside its text.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Where the files lie that the recipe names; files of other recipes may be among them.
    pub paths: ResourcePaths,
    /// Those of `paths` that the recipe must name, as a command line gives them for this recipe.
    pub named: Vec<String>,
    /// Rules of the caller's own, which the recipe can name like all others.
    pub rules: Vec<&'static RuleSpec>,
    /// Rules of the caller's own that are asked whether the recipe names them or not: where it does not, behind all others of
    /// their subjects.
    pub added: Vec<&'static RuleSpec>,
    /// Files that other recipes have opened.
    pub opened: OpenedFiles,
}

/// How whole documents are cleaned.
#[derive(Debug)]
pub struct Clean {
    /// Whether an image stays that the document shows earlier.
    pub keep_repeated_images: bool,
    /// Whether marks of the end of a document stay that follow each other, or end the document.
    pub keep_repeated_marks: bool,
    /// Rules that are asked behind all others.
    pub rules: Judging,
}

impl Recipe {
    /// Reads a recipe that names no files, with `KEY=VALUE` overrides.
    ///
    /// # Errors
    /// As of [`parse_given`](Self::parse_given).
    pub fn parse(name: &str, text: &str, overrides: &[String]) -> Result<Self, Vec<Problem>> {
        Self::parse_given(name, text, overrides, &Given::default())
    }

    /// Reads a recipe, with `KEY=VALUE` overrides, that can name files and rules of the caller's own.
    ///
    /// # Errors
    /// All its mistakes: unknown keys, values out of range, stages in an order in which a rule would see too little; files that
    /// are missing, others than the recipe says, or damaged.
    pub fn parse_given(name: &str, text: &str, overrides: &[String], given: &Given) -> Result<Self, Vec<Problem>> {
        let source = judging::source(name, text, overrides)?;
        let resources = resources::open(&source, &given.paths, &given.opened);
        let mut problems = resources::not_named(&given.named, &resources);
        let source = source.with_resources(resources);
        let (recipe, _) = read(&source, &given.rules, &given.added, true);
        problems.extend(source.finish().err().unwrap_or_default());
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self { text: text.to_owned(), overrides: overrides.to_vec(), ..recipe })
    }

    /// What a recipe says of the dataset card.  It is that of a dataset which is there: the recipe was checked by its run,
    /// and neither its files nor the caller's own rules are needed.
    ///
    /// # Errors
    /// Data of languages that is no TOML, which none of ours is.
    pub(crate) fn card_of(stored: &obelisc_shard::Recipe) -> Result<Card, Vec<Problem>> {
        let source = judging::source(&stored.name, &stored.text, &stored.set())?;
        let mut root = source.root();
        Ok(read_card(root.table("card"), &mut Sections::default()))
    }

    /// The keys of a recipe besides its rules, with defaults.
    pub fn declared() -> Vec<Declared> {
        let mut declared = read(&Source::parse("defaults", "", &[]), &[], &[], false).1;
        declared.extend(classifiers::declared());
        declared.extend(resources::declared());
        declared
    }

    /// Canonical options of a section, `null` where there is none.
    pub fn section(&self, name: &str) -> Value {
        self.canonical.get(name).cloned().unwrap_or_default()
    }

    /// All that decides what becomes of an image that is fetched.
    pub(crate) fn fetch_options(&self) -> Value {
        let versions = [obelisc_image::VERSION, Reencode::VERSION];
        let fetch = self.section("fetch");
        let limits = ["max_image_bytes", "max_image_pixels", "max_redirects", "decode"].map(|key| &fetch[key]);
        let distance = if fetch["hash_list"].is_null() { &Value::Null } else { &fetch["max_hash_distance"] };
        let listed = [&fetch["hash_list"], distance];
        json!([versions, limits, listed, self.section("fetch.opt_outs"), self.section("fetch.reencode")])
    }

    /// The rules of the caller's own that are asked, as a manifest tells of them.
    pub(crate) fn own_rules(&self) -> Vec<obelisc_shard::OwnRule> {
        let known: BTreeSet<String> = obelisc_filters::RULES.iter().map(|rule| rule.path()).collect();
        let all = self.judging.default_rules().iter().chain(self.clean.rules.default_rules().iter());
        let own = all.filter(|rule| !known.contains(&rule.spec().path()));
        let own = own.map(|rule| obelisc_shard::OwnRule {
            rule: rule.spec().path(),
            version: rule.spec().version,
            options: rule.options().clone(),
            resources: rule.spec().resources.iter().map(|text| (*text).to_owned()).collect(),
        });
        own.collect()
    }

    /// Whether a stage comes behind another; none does behind one that the recipe does not have.
    pub(crate) fn is_behind(&self, stage: Stage, other: Stage) -> bool {
        let place = |stage| self.stages.iter().position(|own| *own == stage);
        place(other).is_some_and(|other| place(stage) > Some(other))
    }

    /// Whether the recipe has this stage.
    pub fn has(&self, stage: Stage) -> bool {
        self.stages.contains(&stage)
    }
}

/// Collects what the sections held.
#[derive(Default)]
struct Sections {
    declared: Vec<Declared>,
    canonical: Map<String, Value>,
}

impl Sections {
    fn add(&mut self, name: &str, taken: Taken) {
        self.declared.extend(taken.declared);
        self.canonical.insert(name.to_owned(), Value::Object(taken.canonical));
    }
}

fn read(
    source: &Source,
    own: &[&'static RuleSpec],
    added: &[&'static RuleSpec],
    must: bool,
) -> (Recipe, Vec<Declared>) {
    let mut taken: BTreeSet<String> = obelisc_filters::RULES.iter().map(|rule| rule.path()).collect();
    for rule in own.iter().chain(added) {
        if !taken.insert(rule.path()) {
            let message = format!("a rule of the caller's own has the name of another: {}", rule.path());
            source.root().problem("rules", message);
        }
    }
    let table: Vec<&'static RuleSpec> = obelisc_filters::RULES.iter().chain(own).copied().collect();
    let mut root = source.root();
    let mut sections = Sections::default();
    root.integer("format", FORMAT, FORMAT..=FORMAT, "version of this file's format");
    let name = root.text("name", "unnamed", "short name of the dataset");
    let names = Stage::ALL.map(Stage::name);
    if !root.has("stages") && must {
        root.problem("stages", format!("missing; a recipe names its stages, of {}", names.join(", ")));
    }
    let stages = root.texts("stages", names.get(1..).unwrap_or_default(), &names, "the stages, in order");
    let stages: Vec<Stage> =
        stages.iter().filter_map(|name| Stage::ALL.into_iter().find(|stage| stage.name() == name)).collect();
    let select = select::read(root.table("select"), &mut sections, &stages);
    let extract = extract::read(root.table("extract"), &mut sections);
    let judging = Judging::read(source, &table, added, &mut root);
    sections.declared.extend(judging.declared.clone());
    sections.canonical.extend(judging.canonical.clone());
    let judging::Read { judging, cleaning, .. } = judging;
    let _opened = root.table("resources");
    let dedup = dedup::read(root.table("dedup"), &mut sections, &stages);
    let fetch = fetch::read(root.table("fetch"), &mut sections);
    let classifiers = classifiers::read(root.table("classifiers").tables(), &mut sections);
    let mut attach = root.table("attach");
    let max_document_bytes = attach.integer(
        "max_document_bytes",
        100_000_000,
        1..=1 << 40,
        "bytes of images that one document may hold; the image that would pass it and all behind it fail",
    );
    sections.add("attach", attach.finish());
    let clean = read_clean(cleaning, root.table("clean"), &mut sections);
    let finish = finish::read(root.table("finish"), &mut sections);
    let card = read_card(root.table("card"), &mut sections);
    stage_order::check(&root, &stages, &judging, &clean, finish.images);
    let rules = judging.default_rules().iter().chain(clean.rules.default_rules().iter());
    classifiers.check(&root, rules);
    let taken = root.finish();
    sections.declared.splice(0..0, taken.declared);
    let recipe = Recipe {
        name,
        text: String::new(),
        overrides: Vec::new(),
        stages,
        select,
        extract,
        judging,
        dedup,
        fetch,
        classifiers,
        max_document_bytes,
        clean,
        finish,
        card,
        canonical: sections.canonical,
    };
    (recipe, sections.declared)
}

fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

fn read_clean(rules: Judging, mut options: Options<'_>, sections: &mut Sections) -> Clean {
    let images = "keep images whose URL an earlier one of the document has";
    let marks = "keep marks of the end of a document that follow each other, or end the document";
    let clean = Clean {
        keep_repeated_images: options.flag("keep_repeated_images", false, images),
        keep_repeated_marks: options.flag("keep_repeated_marks", false, marks),
        rules,
    };
    // They were read with all other rules.
    let _rules = options.table("rules");
    sections.add("clean", options.finish());
    clean
}

fn read_card(mut options: Options<'_>, sections: &mut Sections) -> Card {
    let defaults = Card::default();
    let card = Card {
        pretty_name: options.text("pretty_name", &defaults.pretty_name, "title of the dataset card"),
        summary: options.text("summary", "", "a paragraph on what the dataset is for, Markdown"),
        license: options.text("license", "other", "licence identifier as the Hugging Face Hub knows it"),
        languages: options.texts("languages", &[], &[], "BCP 47 tags of the languages in the dataset"),
        task_categories: options.texts(
            "task_categories",
            &["image-text-to-text"],
            &[],
            "task categories as the Hugging Face Hub knows them",
        ),
        tags: options.texts("tags", &["interleaved", "web", "obelisc"], &[], "tags of the dataset card"),
        known_limits: options.texts("known_limits", &[], &[], "what the dataset does not promise, a sentence each"),
    };
    sections.add("card", options.finish());
    card
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGES: &str = "stages = [\"extract\", \"filter\", \"fetch\", \"attach\", \"finish\"]\n";

    fn problems(text: &str) -> Vec<String> {
        let problems = Recipe::parse("r.toml", text, &[]).unwrap_err();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_recipes_of_this_repository_are_right() {
        for (name, text) in [
            ("quickstart", include_str!("../../../pipelines/quickstart.toml")),
            ("links", include_str!("../../../pipelines/links.toml")),
            ("obelisc", include_str!("../../../pipelines/obelisc.toml")),
            ("default", include_str!("../../../pipelines/default.toml")),
            ("multilingual", include_str!("../../../pipelines/multilingual.toml")),
        ] {
            let recipe = Recipe::parse(name, text, &[]).unwrap();
            assert_eq!(recipe.name, name);
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let found = problems(
            "stages = [\"extract\", \"filter\", \"finish\"]\n[rules.image.format]\naccept = [\"jpeg\"]\n[finish]\nimages = \"links\"\n",
        );
        assert_eq!(found.len(), 4, "{found:#?}");
        assert!(found[0].starts_with("r.toml:1: stages: ") && found[0].contains("finish.images"), "{found:#?}");
        assert!(found[1].contains("rule format needs image facts"), "{found:#?}");
        assert!(found[2].starts_with("r.toml:3: rules.image.format.accept: unknown key"), "{found:#?}");
        assert!(found[3].starts_with("r.toml:5: finish.images: \"links\" is given"), "{found:#?}");
    }

    #[test]
    fn quickstart_is_default_with_a_card_of_its_own() {
        let recipe = |text| Recipe::parse("r.toml", text, &[]).unwrap();
        let mut quickstart = recipe(include_str!("../../../pipelines/quickstart.toml"));
        let mut default = recipe(include_str!("../../../pipelines/default.toml"));
        assert_eq!(quickstart.stages, default.stages);
        assert_ne!(quickstart.canonical.remove("card"), default.canonical.remove("card"));
        assert_eq!(quickstart.canonical, default.canonical);
    }

    #[test]
    fn comparisons_are_of_passes_and_a_stage_without_any_is_refused() {
        let with = |tables: &str| {
            let text =
                "stages = [\"extract\", \"filter\", \"dedup\", \"finish\"]\nfinish.images = \"url\"\n".to_owned();
            text + tables
        };
        let recipe = Recipe::parse("r.toml", &with("[dedup.page_url]\n[dedup.paragraph]\npass = 2\n"), &[]).unwrap();
        assert_eq!(recipe.dedup.passes.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
        assert!(problems(&with("")).iter().any(|problem| problem.contains("nothing is compared")));
        let gap = problems(&with("[dedup.page_url]\n[dedup.paragraph]\npass = 3\n"));
        assert!(gap[0].contains("pass 2 compares nothing"), "{gap:?}");
        let unknown = problems(&with("[dedup.page_urls]\n[dedup.page_url]\nkeep = \"none\"\n"));
        assert!(unknown[0].contains("did you mean \"page_url\"?"), "{unknown:?}");
        assert!(unknown[1].contains("one of \"newest\", \"last_archive\""), "{unknown:?}");
        let without =
            problems("stages = [\"extract\", \"filter\", \"finish\"]\nfinish.images = \"url\"\n[dedup.page_url]\n");
        assert!(without[0].contains("the stage dedup is missing"), "{without:?}");
    }

    #[test]
    fn a_file_that_is_missing_or_another_is_refused_with_where_it_is_had() {
        let recipe = "stages = [\"extract\", \"filter\", \"finish\"]\nfinish.images = \"url\"\n\
            [resources.common]\nsource = \"obelisc lexicon\"\n\
            [rules.document.common_word_ratio]\nwords = \"common\"\n";
        let found = problems(recipe);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains("--resource common=PATH") && found[0].contains("obelisc lexicon"), "{found:#?}");
        let file = tempfile::NamedTempFile::new().unwrap();
        let paths = ResourcePaths::from([("common".to_owned(), file.path().to_owned())]);
        let given = Given { paths, ..Given::default() };
        let problems = Recipe::parse_given("r.toml", recipe, &[], &given).unwrap_err();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(problems[0].to_string().ends_with(&format!("is {empty}")), "{problems:?}");
        let right = recipe.replace("source =", &format!("sha256 = \"{empty}\"\nsource ="));
        let problems = Recipe::parse_given("r.toml", &right, &[], &given).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains("the list is empty"), "{problems:?}");
        let named = Given { named: vec!["comon".to_owned()], ..given };
        let problems = Recipe::parse_given("r.toml", &right, &[], &named).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(problems[0].message.contains("did you mean \"common\"?"), "{problems:?}");
    }

    #[test]
    fn a_damaged_model_is_refused_with_the_place_of_the_damage() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let paths = ResourcePaths::from([("lid".to_owned(), file.path().to_owned())]);
        let given = Given { paths, ..Given::default() };
        let recipe = format!("{STAGES}[language]\nidentifier = \"lid\"\n[resources.lid]\nsha256 = \"{sha256}\"\n");
        let problems = Recipe::parse_given("r.toml", &recipe, &[], &given).unwrap_err();
        assert!(problems[0].to_string().contains("language.identifier: byte 0: "), "{problems:?}");
    }

    #[test]
    fn an_order_of_stages_in_which_one_lacks_its_input_is_refused() {
        let wrong_order = problems("stages = [\"extract\", \"attach\", \"fetch\", \"filter\", \"finish\"]\n");
        assert!(wrong_order[0].contains("fetch stands behind attach"), "{wrong_order:#?}");
        let without = problems("stages = [\"extract\", \"fetch\", \"finish\"]\nfinish.images = \"url\"\n");
        assert!(without.iter().any(|p| p.contains("fetch needs filter")), "{without:#?}");
        assert!(without.iter().any(|p| p.contains("fetch needs attach")), "{without:#?}");
        assert!(problems("stages = [\"filter\"]\n").iter().any(|p| p.contains("extract is missing")));
    }

    #[test]
    fn what_the_canonical_form_holds_does_not_depend_on_how_it_was_written() {
        let plain = Recipe::parse("r", &format!("{STAGES}[finish]\nmax_shard_bytes = 500000000\n"), &[]).unwrap();
        let set = Recipe::parse("r", STAGES, &["finish.max_shard_bytes=500_000_000".to_owned()]).unwrap();
        assert_eq!(plain.canonical, set.canonical);
    }
}

//! How a recipe judges a document: its language, the rules of that language, the verdict.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use obelisc_document::{Document, Language, Reason, hex};
use obelisc_filter::options::{Declared, Named, Options, Problem, Source};
use obelisc_filter::{RuleSet, RuleSpec, Settings, StageView, Verdict};
use obelisc_filters::languages::{DEFAULT, LANGUAGES};
use obelisc_filters::{EDITS, Identifier, WordSplit};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// What stands for a language that nothing could tell.
const UNKNOWN: &str = "unknown";

/// What becomes of a document in none of the languages that have rules of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Others {
    /// It is judged with the values of `default`.
    #[default]
    Default,
    /// It is dropped.
    Drop,
    /// It is kept as it is.
    Keep,
}

/// All rules of a recipe, and how the document's language picks among them.
#[derive(Debug, Default)]
pub struct Judging {
    identifier: Option<Identifier>,
    languages: BTreeMap<String, RuleSet>,
    others: Others,
    default: RuleSet,
}

/// What the tables `[language]`, `[words]`, `[edits]` and `[rules]` hold.
pub(crate) struct Read {
    pub(crate) judging: Judging,
    /// The rules under `[clean.rules]`.
    pub(crate) cleaning: Judging,
    /// Canonical options of each table.
    pub(crate) canonical: Map<String, Value>,
    pub(crate) declared: Vec<Declared>,
}

/// A recipe's text with what stands for `"language"` in it.
///
/// # Errors
/// None that a recipe could cause: the files of the languages are part of the program.
pub(crate) fn source(name: &str, text: &str, overrides: &[String]) -> Result<Source, Vec<Problem>> {
    Source::parse(name, text, overrides)
        .with_languages(LANGUAGES.iter().copied())
        .map_err(|message| vec![Problem { file: "filters/languages".to_owned(), line: 0, key: String::new(), message }])
}

fn unknown(code: &str) -> String {
    format!("{code:?} is given, which the identifier cannot tell; a fastText model such as lid.176 does")
}

/// A rule that wants a language which nothing can tell would drop every document.  `table` is the one that names the rules.
fn check_wanted(mut table: Options<'_>, rules: &RuleSet, identifier: &Identifier) {
    for rule in rules.iter().filter(|rule| rule.spec().name == "language_score") {
        let wanted = rule.options().get("languages").and_then(Value::as_array);
        let wanted = wanted.into_iter().flatten().filter_map(Value::as_str);
        let spec = rule.spec();
        let options = table.table(spec.subject.name()).table(spec.name);
        for code in wanted.filter(|code| !identifier.knows(code)) {
            options.problem("languages", unknown(code));
        }
    }
}

impl Judging {
    /// Reads the tables of a recipe.
    pub(crate) fn read(
        source: &Source,
        table: &[&'static RuleSpec],
        added: &[&'static RuleSpec],
        root: &mut Options<'_>,
    ) -> Read {
        let known: Vec<&str> = LANGUAGES.iter().map(|(code, _)| *code).filter(|code| *code != DEFAULT).collect();
        let mut language = root.table("language");
        let meaning = "what tells the language of a document: \"embedded\", or the name of a fastText model";
        let mut told = true;
        let identifier = match language.word_or_resource("identifier", &["off", "embedded"], meaning) {
            Named::Word("embedded") => Some(Identifier::default()),
            Named::Word(_) => None,
            Named::Missing => {
                told = false;
                None
            }
            Named::File(file) => {
                Identifier::open(&file).map_err(|problem| language.problem("identifier", problem)).ok()
            }
        };
        let languages =
            language.texts("languages", &[], &known, "languages whose documents are judged by values of their own");
        let others = match language.choice(
            "others",
            &["default", "drop", "keep"],
            "what becomes of documents in other languages: judged by the values of default, dropped, or kept unjudged",
        ) {
            "drop" => Others::Drop,
            "keep" => Others::Keep,
            _ => Others::Default,
        };
        match (&identifier, languages.is_empty()) {
            (Some(identifier), _) => {
                for code in languages.iter().filter(|code| !identifier.knows(code)) {
                    language.problem("languages", unknown(code));
                }
            }
            // A model that cannot be had is told of elsewhere.
            (None, false) if told => {
                language.problem("languages", "languages are given, and nothing tells them: identifier is off");
            }
            (None, _) => {}
        }
        if others != Others::Default && languages.is_empty() {
            language.problem(
                "others",
                "it speaks of documents in other languages than those of `languages`, which is empty",
            );
        }
        let mut taken = language.finish();
        // The default comes first: it is what single-language recipes are.
        let (default, cleaning, words, declared) = Self::rules(source, table, added, DEFAULT, identifier.as_ref());
        let mut canonical = Map::new();
        let mut rules = Map::from_iter([(DEFAULT.to_owned(), json!([&words, default.canonical()]))]);
        let mut clean = Map::from_iter([(DEFAULT.to_owned(), cleaning.canonical())]);
        let (mut sets, mut cleanings) = (BTreeMap::new(), BTreeMap::new());
        for code in languages {
            let (set, cleaning, words, _) = Self::rules(source, table, added, &code, identifier.as_ref());
            rules.insert(code.clone(), json!([words, set.canonical()]));
            clean.insert(code.clone(), cleaning.canonical());
            sets.insert(code.clone(), set);
            cleanings.insert(code, cleaning);
        }
        if let Some(identifier) = &identifier {
            check_wanted(root.table("rules"), &default, identifier);
            check_wanted(root.table("clean").table("rules"), &cleaning, identifier);
        }
        canonical.insert("language".to_owned(), Value::Object(taken.canonical));
        canonical.insert("words".to_owned(), words["options"].clone());
        canonical.insert("rules".to_owned(), Value::Object(rules));
        canonical.insert("clean.rules".to_owned(), Value::Object(clean));
        taken.declared.extend(declared);
        // What the root has below it is known now.
        for name in ["words", "edits", "rules"] {
            let _seen = root.table(name);
        }
        let judging = Self { identifier, languages: sets, others, default };
        let cleaning = Self { identifier: None, languages: cleanings, others, default: cleaning };
        Read { judging, cleaning, canonical, declared: taken.declared }
    }

    /// The rules of one language, and what the table `[words]` holds for it.
    fn rules(
        source: &Source,
        table: &[&'static RuleSpec],
        added: &[&'static RuleSpec],
        code: &str,
        identifier: Option<&Identifier>,
    ) -> (RuleSet, RuleSet, Value, Vec<Declared>) {
        let mut root = source.root().in_language(code);
        let mut words = root.table("words");
        let split = WordSplit::from_options(&mut words);
        let words = words.finish();
        let mut settings = Settings::default().with(split);
        if let Some(identifier) = identifier {
            settings = settings.with(identifier.clone());
        }
        let edits = root.table("edits");
        let cleaning = RuleSet::from_options(table, root.table("clean").table("rules")).with_settings(settings.clone());
        let set = RuleSet::from_options_and(table, added, root.table("rules"));
        let set = set.with_edits(EDITS, edits).with_settings(settings);
        let lists = WordSplit::TEXTS.map(|text| hex(&Sha256::digest(text)));
        // Whatever reads it depends on both: how words are split, and what tells languages.
        let canonical = json!({
            "version": WordSplit::VERSION,
            "options": words.canonical,
            "lists": lists,
            "identifier": identifier.map(Identifier::version),
        });
        (set, cleaning, canonical, words.declared)
    }

    /// The rules for documents in none of the languages that have values of their own, all of them where the recipe names no
    /// language: the same rules as any language's, in the same order.
    pub fn default_rules(&self) -> &RuleSet {
        &self.default
    }

    /// The rules of every language, those of the default first: the same rules in the same order.
    pub(crate) fn sets(&self) -> impl Iterator<Item = &RuleSet> {
        std::iter::once(&self.default).chain(self.languages.values())
    }

    /// The rules for a document of this language.
    pub(crate) fn rules_of(&self, language: Option<&str>) -> &RuleSet {
        self.languages.get(language.unwrap_or(UNKNOWN)).unwrap_or_else(|| self.rules_of_others())
    }

    fn rules_of_others(&self) -> &RuleSet {
        static NONE: LazyLock<RuleSet> = LazyLock::new(RuleSet::default);
        match self.others {
            Others::Keep | Others::Drop if !self.languages.is_empty() => &NONE,
            Others::Default | Others::Keep | Others::Drop => &self.default,
        }
    }

    /// Whether documents are told their language.
    pub(crate) fn identifies(&self) -> bool {
        self.identifier.is_some()
    }

    /// The same with the rules that `wanted` picks, and without edits: for documents that were judged before.
    pub(crate) fn select(&self, wanted: impl Fn(&RuleSpec) -> bool) -> Self {
        let select = |set: &RuleSet| set.select(&wanted).without_edits();
        let languages = self.languages.iter().map(|(code, set)| (code.clone(), select(set))).collect();
        Self { identifier: None, languages, others: self.others, default: select(&self.default) }
    }

    /// Identifies the document's language by its text unless it is known, edits its texts, and judges it by the rules of that language; what
    /// fails is removed.
    pub fn judge(&self, document: &mut Document, view: StageView) -> Verdict {
        if document.page.language.is_none() {
            document.page.language = self.identifier.as_ref().and_then(|identifier| language(identifier, document));
        }
        let tag = document.page.language.as_ref().map_or(UNKNOWN, |language| language.tag.as_str());
        let mut verdict = match (self.languages.get(tag), self.others) {
            (None, Others::Drop) if !self.languages.is_empty() => {
                let value = Some(tag.to_owned());
                let bound = self.languages.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                RuleSet::refuse(document, Reason::LanguageNotKept, value, Some(format!("one of {bound}")))
            }
            (rules, _) => rules.unwrap_or_else(|| self.rules_of_others()).judge(document, view),
        };
        if let Some(last) = verdict.judgements.last_mut() {
            last.language = document.page.language.as_ref().map(|language| language.tag.clone());
        }
        verdict
    }
}

/// The language of all the text of a document.
fn language(identifier: &Identifier, document: &Document) -> Option<Language> {
    let texts: Vec<&str> = document.paragraphs().map(|paragraph| &*paragraph.text).collect();
    let text = match &texts[..] {
        [text] => Cow::Borrowed(*text),
        texts => Cow::Owned(texts.join("\n")),
    };
    let guess = identifier.identify(&text)?;
    Some(Language { tag: guess.language.into_owned(), score: guess.score })
}

#[cfg(test)]
mod tests {
    use obelisc_document::{Content, DocId, Node, Page, paragraphs};

    use crate::recipe::Recipe;

    use super::*;

    const RULES: &str = "stages = [\"extract\", \"filter\", \"finish\"]\nfinish.images = \"url\"\n\
        [rules.document.stopword_ratio]\nwords = \"language\"\nmin_ratio = \"language\"\n";

    const FRENCH: &str = "Les marées montent et descendent deux fois par jour, et la lune les tire avec le soleil.";
    const GERMAN: &str = "Die Flut steigt und fällt zweimal am Tag, und der Mond zieht sie mit der Sonne zusammen.";

    fn problems(language: &str) -> Vec<String> {
        let problems = Recipe::parse("r.toml", &format!("{RULES}[language]\n{language}\n"), &[]).unwrap_err();
        problems.iter().map(ToString::to_string).collect()
    }

    fn recipe(language: &str) -> Result<Recipe, String> {
        let text = format!("{RULES}[language]\n{language}\n");
        Recipe::parse("r.toml", &text, &[]).map_err(|problems| problems[0].to_string())
    }

    fn judged(language: &str, text: &str) -> (Verdict, Document) {
        let nodes = vec![Node { ordinal: 0, content: Content::Text(paragraphs(text)) }];
        let mut document = Document { id: DocId::new("w", 0, 0), page: Page::default(), nodes };
        (recipe(language).unwrap().judging.judge(&mut document, StageView::FINAL), document)
    }

    fn failure(verdict: &Verdict) -> Option<(String, Option<String>)> {
        let failure = verdict.judgements.last()?.failure.clone()?;
        Some((failure.rule.into_owned(), failure.bound))
    }

    #[test]
    fn a_document_is_judged_by_the_values_of_its_language() {
        let french = "identifier = \"embedded\"\nlanguages = [\"fr\", \"en\"]\nothers = \"drop\"";
        let (verdict, document) = judged(french, FRENCH);
        assert!(verdict.kept, "{verdict:?}");
        assert_eq!(document.page.language.map(|language| language.tag).as_deref(), Some("fr"));
        assert_eq!(verdict.judgements.last().unwrap().language.as_deref(), Some("fr"));
        // Without its language it has too few stop words, of which English is full.
        let english = "identifier = \"embedded\"\nlanguages = [\"en\"]\nothers = \"default\"";
        assert!(judged(english, FRENCH).0.kept, "with no list the default does not ask");
    }

    #[test]
    fn other_languages_are_dropped_kept_or_judged_by_the_default() {
        let with = |others: &str| format!("identifier = \"embedded\"\nlanguages = [\"fr\"]\nothers = \"{others}\"");
        let (verdict, _) = judged(&with("drop"), GERMAN);
        assert_eq!(failure(&verdict), Some(("language_not_kept".to_owned(), Some("one of fr".to_owned()))));
        assert!(judged(&with("keep"), GERMAN).0.judgements.iter().all(|judgement| judgement.signals.is_empty()));
        assert!(judged(&with("default"), GERMAN).0.kept);
        // Nothing tells the language of a text without letters.
        let (verdict, document) = judged(&with("drop"), "123 – 456");
        assert!(!verdict.kept && document.page.language.is_none());
    }

    #[test]
    fn languages_that_nothing_can_tell_are_refused() {
        let unknown = recipe("identifier = \"embedded\"\nlanguages = [\"eu\"]").unwrap_err();
        assert!(unknown.starts_with("r.toml:8: language.languages: \"eu\" is given"), "{unknown}");
        for table in ["rules", "clean.rules"] {
            let wanted = format!("identifier = \"embedded\"\n[{table}.document.language_score]\nlanguages = [\"eu\"]");
            let unknown = problems(&wanted).join("\n");
            assert!(
                unknown.contains(&format!(":9: {table}.document.language_score.languages: \"eu\" is given")),
                "{unknown}"
            );
        }
        let nothing = recipe("languages = [\"fr\"]").unwrap_err();
        assert!(nothing.contains("identifier is off"), "{nothing}");
        let misspelt = recipe("identifier = \"embeded\"").unwrap_err();
        assert!(misspelt.contains("did you mean \"embedded\"?"), "{misspelt}");
        assert!(
            recipe("identifier = \"embedded\"\nlanguages = [\"de\"]").unwrap_err().contains("a list of"),
            "no values"
        );
    }
}

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    /// It is judged with the values of `default`.
    Default,
    /// It is dropped.
    Drop,
    /// It is kept as it is.
    Keep,
}

/// All rules of a recipe, and how the document's language picks among them.
#[derive(Debug)]
pub struct Judging {
    identifier: Option<Identifier>,
    languages: BTreeMap<String, RuleSet>,
    others: Others,
    default: RuleSet,
}

/// What the tables `[language]`, `[words]`, `[edits]` and `[rules]` hold.
pub(crate) struct Read {
    pub(crate) judging: Judging,
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

impl Judging {
    /// Reads the tables of a recipe.
    pub(crate) fn read(source: &Source, table: &[&'static RuleSpec], root: &mut Options<'_>) -> Read {
        let known: Vec<&str> = LANGUAGES.iter().map(|(code, _)| *code).filter(|code| *code != DEFAULT).collect();
        let mut language = root.table("language");
        let meaning = "what tells the language of a document: \"embedded\", or the name of a fastText model";
        let identifier = match language.word_or_resource("identifier", &["off", "embedded"], meaning) {
            Named::Word("embedded") => Some(Identifier::default()),
            Named::Word(_) | Named::Missing => None,
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
        match &identifier {
            Some(identifier) => {
                for code in languages.iter().filter(|code| !identifier.knows(code)) {
                    language.problem(
                        "languages",
                        format!(
                            "{code:?} is given, which the identifier cannot tell; a fastText model such as lid.176 does"
                        ),
                    );
                }
            }
            None if !language.has("identifier") && !languages.is_empty() => {
                language.problem("languages", "languages are given, and nothing tells them: identifier is off");
            }
            None => {}
        }
        let mut taken = language.finish();
        // The default comes first: it is what single-language recipes are.
        let (default, words, declared) = Self::rules(source, table, DEFAULT, identifier.as_ref());
        let mut canonical = Map::new();
        let mut rules = Map::from_iter([(DEFAULT.to_owned(), json!([&words, default.canonical()]))]);
        let mut sets = BTreeMap::new();
        for code in languages {
            let (set, words, _) = Self::rules(source, table, &code, identifier.as_ref());
            rules.insert(code.clone(), json!([words, set.canonical()]));
            sets.insert(code, set);
        }
        canonical.insert("language".to_owned(), Value::Object(taken.canonical));
        canonical.insert("words".to_owned(), words["options"].clone());
        canonical.insert("rules".to_owned(), Value::Object(rules));
        taken.declared.extend(declared);
        // What the root has below it is known now.
        for name in ["words", "edits", "rules"] {
            let _seen = root.table(name);
        }
        let judging = Self { identifier, languages: sets, others, default };
        Read { judging, canonical, declared: taken.declared }
    }

    /// The rules of one language, and what the table `[words]` holds for it.
    fn rules(
        source: &Source,
        table: &[&'static RuleSpec],
        code: &str,
        identifier: Option<&Identifier>,
    ) -> (RuleSet, Value, Vec<Declared>) {
        let mut root = source.root().in_language(code);
        let mut words = root.table("words");
        let split = WordSplit::from_options(&mut words);
        let words = words.finish();
        let mut settings = Settings::default().with(split);
        if let Some(identifier) = identifier {
            settings = settings.with(identifier.clone());
        }
        let edits = root.table("edits");
        let set = RuleSet::from_options(table, root.table("rules")).with_edits(EDITS, edits).with_settings(settings);
        let lists = WordSplit::TEXTS.map(|text| hex(&Sha256::digest(text)));
        let canonical = json!({"options": words.canonical, "lists": lists});
        (set, canonical, words.declared)
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

    /// Identifies the document's language unless it is known, edits its texts, and judges it by the rules of that language; what
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

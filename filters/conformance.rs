//! One test for every rule of the table: the page, the options and the code say the same.
#![allow(clippy::disallowed_methods, reason = "a test reads its data")]

mod edits;

use std::collections::BTreeSet;

use obelisc_document::account::Accounts;
use obelisc_document::{
    Content, DocId, Document, ImageFacts, ImageNode, Node, Page, Paragraph, RenderedSize, paragraphs,
};
use obelisc_filter::options::{Resource, Resources, Source};
use obelisc_filter::{
    Bound, Judgement, Measure, Needs, RuleSet, RuleSpec, Settings, Shared, Signal, StageView, Subject, SubjectKind,
};
use toml_edit::{Item, TableLike};

use crate::{RULES, options_markdown};

const HEADINGS: [&str; 4] = ["## Options", "## Source", "## Known wrong drops", "## Cases"];

/// A case of a page.
struct Case {
    kept: bool,
    boundary: bool,
    value: Option<String>,
    recipe: String,
    document: Document,
    shown: String,
}

fn text<'a>(table: &'a dyn TableLike, key: &str) -> Option<&'a str> {
    table.get(key).map(|item| item.as_str().unwrap_or_else(|| panic!("{key} is no text")))
}

fn number<T: TryFrom<i64>>(item: &Item) -> T {
    let number = item.as_integer().and_then(|number| T::try_from(number).ok());
    number.unwrap_or_else(|| panic!("{item} is no number that fits"))
}

fn rendered(item: &Item) -> RenderedSize {
    item.as_str().map_or_else(|| RenderedSize::Pixels(number(item)), |share| RenderedSize::Percent(share.to_owned()))
}

/// The document of a case: its text as one node (`repeat` times over, then `ending`), its image, `images` more images.
fn document(spec: &RuleSpec, case: &dyn TableLike) -> Document {
    let content_score = case.get("content_score").map(|item| item.as_float().expect("a score") as f32);
    let image = ImageNode {
        content_score,
        src: text(case, "src").unwrap_or("https://example.org/a.jpg").to_owned(),
        alt_text: text(case, "alt_text").map(str::to_owned),
        caption: text(case, "caption").map(str::to_owned),
        title: text(case, "title").map(str::to_owned),
        rendered_width: case.get("rendered_width").map(rendered),
        rendered_height: case.get("rendered_height").map(rendered),
        facts: text(case, "format").or(text(case, "scores").and(Some("jpeg"))).map(|format| {
            let side = |key: &str| case.get(key).map_or(300, number);
            let frames = case.get("frames").map_or(1, number);
            let scores = text(case, "scores").map(|text| serde_json::from_str(text).expect("scores"));
            let facts = ImageFacts::new(format, side("width"), side("height"));
            ImageFacts { frames, scores: scores.unwrap_or_default(), ..facts }
        }),
        ..ImageNode::default()
    };
    let words = text(case, "text").map(|words| words.repeat(case.get("repeat").map_or(1, number)));
    let words = words.map(|words| words + text(case, "ending").unwrap_or_default());
    let words = words.map(|words| match spec.subject {
        SubjectKind::Paragraph => Content::Text(vec![Paragraph { k: 0, text: words, content_score }]),
        _ => Content::Text(paragraphs(&words)),
    });
    let only = (spec.subject == SubjectKind::Image).then(|| image.clone());
    let more = (0..case.get("images").map_or(0, number::<usize>)).map(|_| image.clone());
    let images = only.into_iter().chain(more).map(|image| Content::Image(Box::new(image)));
    let nodes = words.into_iter().chain(images).zip(0..);
    let nodes = nodes.map(|(content, ordinal)| Node { ordinal, content }).collect();
    let url = text(case, "url").unwrap_or("https://example.org/").to_owned();
    let title = text(case, "page_title").map(str::to_owned);
    Document { id: DocId([0; 16]), page: Page { url, title, ..Page::default() }, nodes }
}

const KEYS: [&str; 22] = [
    "alt_text",
    "caption",
    "title",
    "page_title",
    "boundary",
    "content_score",
    "ending",
    "why",
    "value",
    "options",
    "url",
    "src",
    "format",
    "width",
    "height",
    "frames",
    "scores",
    "rendered_width",
    "rendered_height",
    "text",
    "repeat",
    "images",
];

fn cases(spec: &RuleSpec) -> Vec<Case> {
    let (_, block) = spec.page.split_once("```toml cases\n").expect("a page has a block of cases");
    let (block, _) = block.split_once("\n```").expect("the block ends");
    let table = toml_edit::Document::parse(block.to_owned()).expect("the cases are TOML");
    let mut cases = Vec::new();
    for (verdict, list) in table.iter() {
        assert!(["keep", "drop"].contains(&verdict), "{}: {verdict} is no verdict", spec.path());
        for case in list.as_array_of_tables().expect("cases are tables").iter() {
            let unknown: Vec<_> = case.iter().map(|(key, _)| key).filter(|key| !KEYS.contains(key)).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?} means nothing in a case", spec.path());
            let options = case.get("options").map(|item| item.as_inline_table().expect("options are a table"));
            let options = options.map(|table| table.iter().map(|(key, value)| format!("{key} ={value}\n")).collect());
            let options: String = options.unwrap_or_default();
            cases.push(Case {
                kept: verdict == "keep",
                boundary: case.get("boundary").is_some_and(|item| item.as_bool() == Some(true)),
                value: text(case, "value").map(str::to_owned),
                recipe: format!("[rules.{}]\n{options}", spec.path()),
                document: document(spec, case),
                shown: format!("{}: [[{verdict}]]\n{case}", spec.path()),
            });
        }
    }
    cases
}

/// The models that pages of rules name.
fn models() -> Resources {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut models = Resources::default();
    for (name, file) in [
        ("kenlm", "tests/models/kenlm.arpa"),
        ("sentencepiece", "tests/models/sentencepiece.model"),
        ("classifier", "tests/models/classifier.bin"),
        ("fasttext", "../crates/text/tests/fasttext/softmax.ftz"),
    ] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        models.add(name, Some(Resource::new(std::sync::Arc::new(bytes), name.to_owned())));
    }
    models
}

fn rule_set(recipe: &str) -> Result<RuleSet, String> {
    let source = Source::parse("case.toml", recipe, &[]).with_resources(models());
    let mut root = source.root();
    let set = RuleSet::from_options(RULES, root.table("rules"));
    let set = set.with_settings(Settings::default().with(crate::Identifier::default()));
    root.finish();
    let mistakes = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    source.finish().map_err(|problems: Vec<obelisc_filter::options::Problem>| mistakes(problems)).map(|()| set)
}

fn judge(spec: &RuleSpec, case: &Case) -> Judgement {
    let set = rule_set(&case.recipe).unwrap();
    let mut document = case.document.clone();
    let verdict = set.judge(&mut document, StageView::FINAL);
    let mut accounts = Accounts::default();
    verdict.counts.add_to(&mut accounts);
    assert_eq!(accounts.imbalance(), None, "{}", case.shown);
    verdict.judgements.into_iter().find(|judgement| judgement.subject == spec.subject).expect("the subject is judged")
}

#[test]
fn every_case_of_every_page_gives_its_verdict_and_value() {
    for spec in RULES {
        for case in cases(spec) {
            let judgement = judge(spec, &case);
            assert_eq!(judgement.kept(), case.kept, "{}", case.shown);
            let value = judgement.signals.first().map(|measured| measured.signal.to_string());
            assert_eq!(value, case.value, "{}", case.shown);
            let by = judgement.failure.as_ref().map(|failure| (&*failure.rule, failure.value.as_ref()));
            assert_eq!(by, (!case.kept).then_some((spec.name, case.value.as_ref())), "{}", case.shown);
        }
    }
}

#[test]
fn every_page_has_a_case_kept_a_case_dropped_and_one_at_the_boundary() {
    for spec in RULES {
        let cases = cases(spec);
        assert!(cases.iter().any(|case| case.kept), "{}: nothing is kept", spec.path());
        assert!(cases.iter().any(|case| !case.kept), "{}: nothing is dropped", spec.path());
        assert!(cases.iter().any(|case| case.boundary), "{}: no boundary", spec.path());
        // Where the bound is a number a case must hit it, and be kept: bounds are inclusive.
        // A rule that needs a model has no defaults that could be asked; its first case has one.
        let recipe = match cases.first() {
            Some(case) if spec.needs.contains(&Needs::Model) => case.recipe.clone(),
            _ => format!("[rules.{}]\n", spec.path()),
        };
        let set = rule_set(&recipe).unwrap();
        for bound in set.iter().flat_map(|rule| rule.bounds()) {
            let hits = |case: &&Case| {
                let signal = judge(spec, case).signals.first().map(|measured| measured.signal.clone());
                // The bound of the case, which can have options of its own.
                let own = rule_set(&case.recipe).unwrap();
                let mut own = own.iter().flat_map(|rule| rule.bounds());
                let own = own.find(|own| std::mem::discriminant(*own) == std::mem::discriminant(bound));
                match (own, signal) {
                    (Some(Bound::Min(min)), Some(Signal::Number(value) | Signal::Span { low: value, .. })) => {
                        *min == value
                    }
                    (Some(Bound::Max(max)), Some(Signal::Number(value) | Signal::Span { high: value, .. })) => {
                        *max == value
                    }
                    _ => matches!(bound, Bound::OneOf(_) | Bound::NoneOf(_)),
                }
            };
            let hit = cases.iter().filter(|case| case.boundary).find(hits);
            assert!(hit.is_some(), "{}: no case hits {bound}", spec.path());
            let counted = matches!(bound, Bound::Min(_) | Bound::Max(_));
            assert!(!counted || hit.is_some_and(|case| case.kept), "{}: {bound} is inclusive", spec.path());
        }
    }
}

#[test]
fn the_option_table_is_what_the_code_declares() {
    for spec in RULES {
        let table = options_markdown(&spec.options());
        assert!(spec.page.contains(&table), "{}: the page should have this table:\n{table}", spec.path());
        let rows = spec.page.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, spec.options().len(), "{}: rows of options", spec.path());
    }
}

#[test]
fn unknown_options_are_refused() {
    for spec in RULES {
        let error = rule_set(&format!("[rules.{}]\nno_such_option = 1\n", spec.path())).unwrap_err();
        assert!(error.contains("no_such_option: unknown key"), "{}: {error}", spec.path());
        assert!(spec.with_options("no_such_option = 1").is_err());
        assert!(spec.with_options("").is_ok());
    }
}

/// `side_pixels` → `SidePixels`.
fn struct_name(rule: &str) -> String {
    rule.split('_')
        .flat_map(|word| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)))
        .collect()
}

#[test]
fn a_rule_has_one_name_in_file_struct_recipe_and_ledger() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut expected = BTreeSet::new();
    for spec in RULES {
        let title = spec.page.lines().next();
        assert_eq!(title, Some(format!("# {}", spec.path()).as_str()));
        let built = format!("{:?}", spec.with_options("").unwrap());
        assert!(built.starts_with(&struct_name(spec.name)), "{}: the struct is {built}", spec.path());
        for ending in ["md", "rs"] {
            expected.insert(format!("{}/{}.{ending}", spec.subject, spec.name));
        }
        let at = HEADINGS.map(|heading| spec.page.find(heading));
        assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{}: headings {HEADINGS:?}", spec.path());
        assert!(!spec.summary().is_empty() && spec.version > 0 && !spec.needs.is_empty(), "{}", spec.path());
    }
    let mut files = BTreeSet::new();
    for subject in SubjectKind::ALL {
        let Ok(entries) = std::fs::read_dir(folder.join(subject.name())) else { continue };
        files.extend(entries.map(|entry| format!("{subject}/{}", entry.unwrap().file_name().to_string_lossy())));
    }
    assert_eq!(files, expected, "files on the left, rules of the table on the right");
}

fn hostile_texts() -> Vec<String> {
    let mut texts = vec![
        String::new(),
        "\0".to_owned(),
        "a\0b\0 \0".repeat(50),
        " \n\t\r\u{a0}\u{3000}".repeat(20),
        "湖の上に船が一そう浮かんでいた。".to_owned(),
        "هذا نص بالعربية، ١٢٣".to_owned(),
        "e\u{301}\u{200d}👩‍👩‍👧‍👦\u{feff}\u{fffd}\u{10ffff}".to_owned(),
        "İSTANBUL ẞ ﬁ Ω".to_owned(),
        "%%%2%zz%00%ff%C3%28".to_owned(),
        "https://[::1]:99999/?#%".to_owned(),
        "100000000000000000000%".to_owned(),
        "NaN%".to_owned(),
        "-50%".to_owned(),
    ];
    texts.push("word ".repeat(200_000));
    texts.push("x".repeat(1_000_000));
    texts.push("aB".repeat(200_000));
    texts
}

#[test]
fn hostile_subjects_give_the_same_finite_signal_twice() {
    let numbers = [None, Some(0), Some(1), Some(u32::MAX)];
    for spec in RULES {
        let (rule, again) = (spec.with_options("").unwrap(), spec.with_options("").unwrap());
        let check = |subject: Subject<'_>| {
            let measure = rule.measure(subject);
            assert_eq!(measure, again.measure(subject), "{}", spec.path());
            match measure.signal() {
                Some(Signal::Number(number)) => assert!(number.is_finite(), "{}", spec.path()),
                Some(Signal::Span { low, high }) => assert!(low.is_finite() && low <= high && high.is_finite()),
                Some(Signal::Word(_)) | None => {}
            }
            assert!(subject.kind() == spec.subject || measure == Measure::NotApplicable, "{}", spec.path());
        };
        let check_document = |document: &Document| check(Subject::Document { document, shared: &Shared::default() });
        for text in hostile_texts() {
            let page = Page { url: text.clone(), title: Some(text.clone()), ..Page::default() };
            check(Subject::Url(&text));
            check(Subject::Paragraph { text: &text, content_score: None, page: &page, shared: &Shared::default() });
            check(Subject::Paragraph {
                text: &text,
                content_score: Some(0.25),
                page: &page,
                shared: &Shared::default(),
            });
            for side in numbers {
                let image = ImageNode {
                    src: text.clone(),
                    alt_text: Some(text.clone()),
                    rendered_width: Some(RenderedSize::Percent(text.clone())),
                    rendered_height: side.map(RenderedSize::Pixels),
                    facts: side.map(|side| ImageFacts::new(&text, side, side)),
                    ..ImageNode::default()
                };
                check(Subject::Image { image: &image, page: &page });
            }
            let content = Content::Text(vec![Paragraph { k: 0, text, content_score: None }]);
            let nodes = vec![Node { ordinal: 0, content }];
            check_document(&Document { id: DocId([0; 16]), page: page.clone(), nodes });
        }
        check_document(&Document { id: DocId([0; 16]), page: Page::default(), nodes: Vec::new() });
    }
}

#[test]
fn the_readme_has_the_index_of_the_rules() {
    let readme = include_str!("README.md");
    let (_, rest) = readme.split_once("<!-- rules: begin -->\n").expect("a begin mark");
    let (index, _) = rest.split_once("<!-- rules: end -->").expect("an end mark");
    assert_eq!(index, crate::index_markdown());
    let (_, rest) = readme.split_once("<!-- edits: begin -->\n").expect("a begin mark");
    let (index, _) = rest.split_once("<!-- edits: end -->").expect("an end mark");
    assert_eq!(index, crate::edits_markdown());
}

#[test]
fn every_refusal_of_an_image_is_a_published_reason() {
    use obelisc_image::{Format, ImageError};
    let limit = ImageError::TooManyPixels { width: 1, height: 1, max: 0 };
    let damaged = ImageError::Damaged { format: Format::Png, detail: String::new() };
    let too_large = ImageError::TooLarge { bytes: 1, max: 0 };
    for error in [too_large, limit, ImageError::NotAnImage, ImageError::Unsupported(Format::Svg), damaged] {
        assert!(obelisc_document::Reason::from_name(error.name()).is_some(), "{}", error.name());
    }
}

use obelisc_document::account::Accounts;
use obelisc_document::{ImageNode, Node, Page, paragraphs};

use super::*;
use crate::edit::{Edit, EditSpec, Span};
use crate::options::{Options, Source};
use crate::rule::Rule;
use crate::signal::Signal;

/// A rule that a test makes out of a function.
#[derive(Debug)]
struct Measures(fn(Subject<'_>) -> Measure, Vec<Bound>);

impl Rule for Measures {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        (self.0)(subject)
    }

    fn bounds(&self) -> Vec<Bound> {
        self.1.clone()
    }
}

fn length(subject: Subject<'_>) -> Measure {
    match subject {
        Subject::Url(url) => Measure::count(url.len()),
        Subject::Paragraph { text, .. } => Measure::count(text.len()),
        Subject::Document { document, .. } => Measure::count(document.images().count()),
        Subject::Image { image, .. } => match &image.facts {
            Some(facts) => Measure::number(f64::from(facts.original_width)),
            None => Measure::NotAvailable,
        },
    }
}

macro_rules! spec {
    ($name:ident, $kind:ident, $needs:ident, $falling:literal) => {
        static $name: RuleSpec = RuleSpec {
            name: stringify!($name),
            subject: SubjectKind::$kind,
            version: 1,
            needs: &[Needs::$needs],
            falling: $falling,
            resources: &[],
            page: "# rule\n\nA rule.",
            build: &|options: &mut Options<'_>| {
                let min = options.optional_number("min", None, 0.0..=1e9, "smallest");
                let max = options.optional_number("max", None, 0.0..=1e9, "largest");
                Box::new(Measures(length, Bound::range(min, max)))
            },
        };
    };
}

spec!(url_length, Url, Url, false);
spec!(width, Image, ImageFacts, false);
spec!(length_a, Paragraph, Text, false);
spec!(length_b, Paragraph, Text, false);
spec!(image_count, Document, ImageReference, true);
spec!(rising_count, Document, ImageReference, false);

const TABLE: &[&RuleSpec] = &[&url_length, &width, &length_a, &length_b, &image_count, &rising_count];

fn rules(recipe: &str) -> RuleSet {
    let source = Source::parse("recipe.toml", recipe, &[]);
    let mut root = source.root();
    let set = RuleSet::from_options(TABLE, root.table("rules"));
    root.finish();
    source.finish().unwrap();
    set
}

fn image(side: Option<u32>) -> Content {
    let facts = side.map(|side| obelisc_document::ImageFacts::new("png", side, 1));
    Content::Image(Box::new(ImageNode { facts, ..ImageNode::default() }))
}

fn document(contents: Vec<Content>) -> Document {
    let nodes = contents.into_iter().zip([3, 5, 8, 9]);
    let nodes = nodes.map(|(content, ordinal)| Node { ordinal, content }).collect();
    Document { id: DocId::new("a.warc", 0, 0), page: Page { url: "https://a/".into(), ..Page::default() }, nodes }
}

fn ordinals(document: &Document) -> Vec<u32> {
    document.nodes.iter().map(|node| node.ordinal).collect()
}

fn accounts(verdict: &Verdict) -> Accounts {
    let mut accounts = Accounts::default();
    verdict.counts.add_to(&mut accounts);
    accounts
}

#[test]
fn what_fails_goes_and_what_stays_keeps_its_number() {
    let rules = rules("[rules.paragraph.length_a]\nmin = 3\n[rules.image.width]\nmin = 100\n");
    let text = Content::Text(paragraphs("a\n\nbcd\n\ne\n\nfgh"));
    let mut document = document(vec![image(Some(10)), text, Content::Text(paragraphs("x")), image(Some(100))]);
    let verdict = rules.judge(&mut document, StageView::FINAL);
    assert!(verdict.kept);
    assert_eq!(ordinals(&document), [5, 9]);
    assert_eq!(document.paragraphs().map(|paragraph| paragraph.k).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(verdict.counts.text_nodes.dropped["emptied"], 1);
    assert_eq!(verdict.counts.paragraphs.dropped["paragraph.length_a"], 3);
    assert_eq!((verdict.counts.images.entered, verdict.counts.images.kept), (2, 1));
    assert_eq!(accounts(&verdict).imbalance(), None);
    let places: Vec<_> = verdict.judgements.iter().map(|j| (j.ordinal, j.paragraph, j.kept())).collect();
    assert_eq!(places[0], (Some(3), None, false));
    assert_eq!(places[1], (Some(5), Some(0), false));
    assert_eq!(places.last(), Some(&(None, None, true)));
    assert_eq!(places.len(), 8);
}

#[test]
fn the_mark_between_two_documents_is_no_text_to_judge() {
    let rules = rules("[rules.paragraph.length_a]\nmax = 3\n");
    let text = format!("abcd\n\n{END_OF_DOCUMENT}\n\n {END_OF_DOCUMENT}\n\nabc");
    let mut document = document(vec![Content::Text(paragraphs(&text))]);
    let verdict = rules.judge(&mut document, StageView::FINAL);
    assert_eq!(document.paragraphs().map(|paragraph| paragraph.k).collect::<Vec<_>>(), [1, 3]);
    let judged: Vec<_> = verdict.judgements.iter().filter_map(|judgement| judgement.paragraph).collect();
    assert_eq!(judged, [0, 2, 3]);
    assert_eq!(accounts(&verdict).imbalance(), None);
}

#[test]
fn what_is_counted_of_kept_paragraphs_is_there_for_the_document() {
    let count = |subject: Subject<'_>| match subject {
        Subject::Paragraph { text, shared, .. } => Measure::count(*shared.get_or_make(|| text.len())),
        Subject::Document { document, shared } => {
            let parts = (0..).map_while(|index| shared.part(index));
            // None is counted here: zero would stand for it.
            let counts: Vec<usize> = parts.map(|part| *part.get_or_make(|| 0)).collect();
            assert_eq!(counts.len(), document.paragraphs().count());
            Measure::count(counts.into_iter().sum())
        }
        _ => Measure::NotApplicable,
    };
    let mut rules = RuleSet::default();
    assert!(rules.push(&length_a, Box::new(Measures(count, vec![Bound::Min(3.0)])), serde_json::Map::new()));
    assert!(rules.push(&image_count, Box::new(Measures(count, Vec::new())), serde_json::Map::new()));
    let mut document = document(vec![Content::Text(paragraphs("abc\n\nd")), Content::Text(paragraphs("abcde"))]);
    let verdict = rules.judge(&mut document, StageView::FINAL);
    let signal = verdict.judgements.last().and_then(|judgement| Some(judgement.signals.first()?.signal.clone()));
    assert_eq!(signal, Some(Signal::Number(8.0)));
}

#[test]
fn the_first_failing_rule_is_the_first_of_the_recipe_and_all_are_in_the_bitmap() {
    for (recipe, first) in [
        ("[rules.paragraph.length_b]\nmin = 9\n[rules.paragraph.length_a]\nmax = 1\n", "length_b"),
        ("[rules.paragraph.length_a]\nmax = 1\n[rules.paragraph.length_b]\nmin = 9\n", "length_a"),
    ] {
        let verdict = rules(recipe).judge(&mut document(vec![Content::Text(paragraphs("abc"))]), StageView::FINAL);
        let judgement = &verdict.judgements[0];
        assert_eq!(judgement.failure.as_ref().unwrap().rule, first);
        assert_eq!((judgement.failing, judgement.signals.len()), (0b11, 2));
    }
}

#[test]
fn a_failing_url_drops_the_document_and_nothing_else_is_measured() {
    let rules = rules("[rules.url.url_length]\nmax = 3\n[rules.paragraph.length_a]\nmin = 3\n");
    let mut document = document(vec![Content::Text(paragraphs("a"))]);
    let verdict = rules.judge(&mut document, StageView::FINAL);
    assert!(!verdict.kept);
    assert_eq!(verdict.judgements.len(), 1);
    assert_eq!(verdict.judgements[0].subject, SubjectKind::Url);
    assert_eq!(verdict.counts.documents.dropped["url.url_length"], 1);
    assert_eq!(verdict.counts.paragraphs.dropped["with_document"], 1);
    assert_eq!(accounts(&verdict).imbalance(), None);
    assert_eq!(ordinals(&document), [3]);
}

#[test]
fn while_images_are_pending_only_the_minimum_of_a_falling_value_drops() {
    let pending = StageView { images_pending: true, text_pending: false };
    let text_pending = StageView { images_pending: false, text_pending: true };
    for (recipe, while_pending) in [
        ("[rules.document.image_count]\nmin = 2\n", false),
        ("[rules.document.image_count]\nmax = 0\n", true),
        ("[rules.document.rising_count]\nmin = 2\n", true),
    ] {
        let rules = rules(recipe);
        assert_eq!(rules.judge(&mut document(vec![image(None)]), pending).kept, while_pending, "{recipe}");
        assert!(!rules.judge(&mut document(vec![image(None)]), text_pending).kept, "{recipe}");
        assert!(!rules.judge(&mut document(vec![image(None)]), StageView::FINAL).kept, "{recipe}");
    }
}

#[test]
fn what_is_not_known_yet_keeps() {
    let rules = rules("[rules.image.width]\nmin = 100\n");
    let mut document = document(vec![image(None)]);
    let verdict = rules.judge(&mut document, StageView::FINAL);
    assert_eq!(ordinals(&document), [3]);
    assert_eq!(verdict.judgements[0].signals, []);
}

#[test]
fn a_document_without_nodes_is_dropped_for_that_unless_a_rule_drops_it() {
    let verdict = RuleSet::default().judge(&mut document(vec![]), StageView::FINAL);
    assert_eq!(verdict.judgements[0].failure.as_ref().unwrap().rule, "empty_document");
    assert_eq!(verdict.counts.documents.dropped["empty_document"], 1);
    let verdict = rules("[rules.document.image_count]\nmin = 1\n").judge(&mut document(vec![]), StageView::FINAL);
    assert_eq!(verdict.judgements[0].failure.as_ref().unwrap().rule, "image_count");
    assert_eq!(accounts(&verdict).imbalance(), None);
}

#[test]
fn counts_add_up() {
    let rules = rules("[rules.document.image_count]\nmin = 1\n");
    let mut total = Accounts::default();
    for contents in [vec![image(None)], vec![], vec![Content::Text(paragraphs("a"))]] {
        total.add(&accounts(&rules.judge(&mut document(contents), StageView::FINAL)));
    }
    let documents = &total.0["documents"];
    assert_eq!((documents.entered, documents.kept), (3, 1));
    assert_eq!(documents.dropped["document.image_count"], 2);
    assert_eq!(total.imbalance(), None);
}

#[test]
fn all_mistakes_of_the_rules_are_told_at_once() {
    let recipe = "[rules.paragraf.length_a]\n[rules.image.widht]\n[rules.image.width]\nmin_ = 3\n";
    let source = Source::parse("recipe.toml", recipe, &[]);
    let mut root = source.root();
    assert!(RuleSet::from_options(TABLE, root.table("rules")).rules(SubjectKind::Paragraph).is_empty());
    root.finish();
    let problems: Vec<String> = source.finish().unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "recipe.toml:1: rules.paragraf: unknown subject; did you mean \"paragraph\"?; allowed here: url, image, paragraph, document",
            "recipe.toml:2: rules.image.widht: unknown rule; did you mean \"width\"?; rules on image: width",
            "recipe.toml:4: rules.image.width.min_: unknown key; did you mean \"min\"?; allowed here: max, min",
        ]
    );
}

#[test]
fn options_with_their_defaults_are_what_a_digest_takes_in() {
    let canonical = rules("[rules.image.width]\nmin = 100\n").canonical();
    let options = serde_json::json!({"min": 100.0, "max": null});
    let rule = serde_json::json!({
        "subject": "image",
        "rule": "width",
        "version": 1,
        "options": options,
        "resources": [],
    });
    assert_eq!(canonical, serde_json::json!([rule]));
}

#[test]
fn other_bounds_on_stored_signals_decide_as_judging_with_them_does() {
    let views = [StageView::FINAL, StageView { images_pending: true, text_pending: false }];
    let contents = || {
        let texts = ["a", "abc", "abcde"].map(|text| Content::Text(paragraphs(text)));
        texts.into_iter().chain([None, Some(4), Some(40)].map(image)).collect::<Vec<_>>()
    };
    let stored = |view| {
        let all = "[rules.image.width]\n[rules.paragraph.length_a]\n[rules.paragraph.length_b]\n\
            [rules.document.image_count]\n[rules.document.rising_count]\n";
        rules(all).judge(&mut document(contents()), view).judgements
    };
    for view in views {
        for (min, max) in [(0, 3), (2, 9), (5, 2), (41, 50)] {
            let range = format!("min = {min}\nmax = {max}\n").replace("min = 5\nmax = 2", "min = 5");
            let other = rules(&format!(
                "[rules.image.width]\n{range}[rules.paragraph.length_a]\n[rules.paragraph.length_b]\n{range}\
                 [rules.document.image_count]\n[rules.document.rising_count]\nmin = {min}\n"
            ));
            let judged = other.judge(&mut document(contents()), view).judgements;
            for (stored, judged) in stored(view).iter().zip(&judged) {
                // What the document is judged by is what the others left of it.
                let signals = if stored.subject == SubjectKind::Document { &judged.signals } else { &stored.signals };
                assert_eq!(other.failing(judged.subject, signals, view), judged.failing);
                assert_eq!(other.first_failure(judged.subject, signals, view), judged.failure);
            }
        }
    }
}

#[test]
fn a_set_can_be_asked_for_some_of_its_rules() {
    let rules = rules("[rules.url.url_length]\n[rules.image.width]\n");
    let images = rules.select(|spec| spec.subject == SubjectKind::Image);
    assert_eq!(images.iter().map(|rule| rule.spec().name).collect::<Vec<_>>(), ["width"]);
}

#[test]
fn a_subject_has_at_most_sixty_four_rules() {
    let mut set = RuleSet::default();
    let rule = || Box::new(Measures(|_| Measure::Value(Signal::Number(0.0)), vec![Bound::Min(1.0)]));
    for _ in 0..crate::MAX_RULES {
        assert!(set.push(&length_a, rule(), serde_json::Map::new()));
    }
    assert!(!set.push(&length_a, rule(), serde_json::Map::new()));
    let verdict = set.judge(&mut document(vec![Content::Text(paragraphs("a"))]), StageView::FINAL);
    assert_eq!(verdict.judgements[0].failing, u64::MAX);
}

/// Takes every digit out of a text.
#[derive(Debug)]
struct NoDigits;

impl Edit for NoDigits {
    fn spans(&self, text: &str) -> Vec<Span> {
        let digits = text.char_indices().filter(|(_, c)| c.is_ascii_digit());
        digits.map(|(at, _)| Span { range: at..at + 1, replacement: "".into() }).collect()
    }
}

static DIGITS: EditSpec = EditSpec {
    name: "digits",
    version: 1,
    resources: &[],
    page: "# edit.digits\n\nTakes out digits.",
    build: |_| Box::new(NoDigits),
};

fn rules_with_edits(recipe: &str) -> Result<RuleSet, Vec<crate::options::Problem>> {
    let source = Source::parse("recipe.toml", recipe, &[]);
    let mut root = source.root();
    let set = RuleSet::from_options(TABLE, root.table("rules")).with_edits(&[&DIGITS], root.table("edits"));
    root.finish();
    source.finish().map(|()| set)
}

#[test]
fn a_paragraph_is_judged_as_its_edits_leave_it_and_each_is_recorded() {
    let rules = rules_with_edits("[edits.digits]\n[rules.paragraph.length_a]\nmax = 2\n").unwrap();
    let mut document = document(vec![Content::Text(paragraphs("a12b\n\nabc\n\n12"))]);
    let verdict = rules.judge(&mut document, StageView::FINAL);
    assert_eq!(document.paragraphs().map(|paragraph| &*paragraph.text).collect::<Vec<_>>(), ["ab"]);
    let [edited, dropped, emptied, _] = &verdict.judgements[..] else { panic!("{:?}", verdict.judgements) };
    let places = |judgement: &Judgement| judgement.edits.iter().map(|one| (one.begin, one.end)).collect::<Vec<_>>();
    assert_eq!((edited.kept(), places(edited)), (true, vec![(1, 2), (2, 3)]));
    assert_eq!(crate::replay("a12b", &edited.edits).as_deref(), Some("ab"));
    assert_eq!((dropped.kept(), places(dropped)), (false, vec![]));
    assert_eq!(emptied.failure.as_ref().map(|failure| &*failure.rule), Some("digits"));
    assert_eq!(verdict.counts.paragraphs.edited["digits"], 4);
    assert_eq!(verdict.counts.paragraphs.dropped["edit.digits"], 1);
    assert_eq!(accounts(&verdict).imbalance(), None);
}

#[test]
fn an_edit_is_recorded_where_no_rule_on_paragraphs_is_asked() {
    let rules = rules_with_edits("[edits.digits]\n").unwrap();
    let verdict = rules.judge(&mut document(vec![Content::Text(paragraphs("a1\n\nb"))]), StageView::FINAL);
    assert_eq!(verdict.judgements.len(), 2);
    assert_eq!(verdict.judgements[0].edits.len(), 1);
    let problems = rules_with_edits("[edits.digit]\n").unwrap_err();
    assert!(problems[0].message.contains("did you mean \"digits\"?"), "{problems:?}");
}

#[test]
fn each_language_has_its_own_value_where_the_recipe_says_so() {
    let recipe = "[rules.paragraph.length_a]\nmin = \"language\"\nmax = 9\n";
    let source = Source::parse("recipe.toml", recipe, &[]);
    let values = [("fr", "[rules.paragraph.length_a]\nmin = 3\n"), ("eu", "")];
    let source = source.with_languages(values).unwrap();
    let mut bounds = Vec::new();
    for code in ["fr", "eu", "none"] {
        let mut root = source.root().in_language(code);
        let set = RuleSet::from_options(TABLE, root.table("rules"));
        bounds.push(set.rules(SubjectKind::Paragraph)[0].bounds().to_vec());
    }
    assert_eq!(bounds[0], [Bound::Min(3.0), Bound::Max(9.0)]);
    let problems: Vec<_> = source.finish().unwrap_err().iter().map(ToString::to_string).collect();
    let expected = [
        "recipe.toml:2: rules.paragraph.length_a.min: \"language\" is given, and eu has no value here",
        "recipe.toml:2: rules.paragraph.length_a.min: \"language\" is given, a number from 0 to 1000000000, or \"off\" is allowed; \"language\" needs a table [language] that names languages",
    ];
    assert_eq!(problems, expected);
}

/// Fails on texts that hold a word.
#[derive(Debug)]
struct Trips(&'static str);

impl Rule for Trips {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        match subject {
            Subject::Paragraph { text, .. } if text.contains(self.0) => Measure::Failed("it tripped".to_owned()),
            _ => Measure::number(0.0),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        Vec::new()
    }
}

static TRIPS: RuleSpec = RuleSpec {
    name: "trips",
    subject: SubjectKind::Paragraph,
    version: 1,
    needs: &[Needs::Text],
    falling: false,
    resources: &[],
    page: "# trips\n\nTrips.",
    build: &|_| Box::new(Trips("stone")),
};

#[test]
fn a_rule_that_goes_wrong_fails_the_document_once() {
    let mut rules = rules("[rules.document.image_count]\nmin = 5\n");
    assert!(rules.push(&TRIPS, (TRIPS.build)(&mut Source::parse("r", "", &[]).root()), serde_json::Map::new()));
    let nodes = ["a leaf", "a stone\n\nanother stone", "a leaf"];
    let nodes = nodes.iter().zip(0..).map(|(text, ordinal)| Node { ordinal, content: Content::Text(paragraphs(text)) });
    let mut document = Document { id: DocId::new("w", 0, 0), page: Page::default(), nodes: nodes.collect() };
    let verdict = rules.judge(&mut document, StageView::FINAL);
    assert!(!verdict.kept);
    let failures: Vec<_> = verdict.judgements.iter().filter_map(|judgement| judgement.failure.as_ref()).collect();
    assert_eq!(failures.len(), 1);
    assert_eq!((&*failures[0].rule, failures[0].bound.as_deref()), ("rule_raised", None));
    assert_eq!(failures[0].value.as_deref(), Some("paragraph.trips on 1.0: it tripped"));
    assert_eq!(verdict.judgements.last().unwrap().subject, SubjectKind::Document);
    assert_eq!(verdict.counts.documents.failed["rule_raised"], 1);
    let mut accounts = obelisc_document::account::Accounts::default();
    verdict.counts.add_to(&mut accounts);
    assert_eq!(accounts.imbalance(), None);
    assert_eq!(accounts.0["paragraphs"].dropped["with_document"], 4);
}

#[test]
fn rules_that_no_recipe_names_stand_behind_those_that_it_names() {
    let set = |recipe: &str, overrides: &[String]| {
        let source = Source::parse("recipe.toml", recipe, overrides);
        let mut root = source.root();
        let set = RuleSet::from_options_and(&[&length_b, &width], &[&length_a, &image_count], root.table("rules"));
        root.finish();
        source.finish().map(|()| set)
    };
    let paths = |set: RuleSet| set.iter().map(|rule| rule.spec().path()).collect::<Vec<_>>();
    let behind = set("[rules.paragraph.length_b]\n", &["rules.paragraph.length_a.max=7".to_owned()]).unwrap();
    assert_eq!(behind.rules(SubjectKind::Paragraph)[1].bounds(), [Bound::Max(7.0)]);
    assert_eq!(paths(behind), ["paragraph.length_b", "paragraph.length_a", "document.image_count"]);
    let named = set("[rules.paragraph.length_a]\n[rules.paragraph.length_b]\n", &[]).unwrap();
    assert_eq!(paths(named), ["paragraph.length_a", "paragraph.length_b", "document.image_count"]);
    assert!(set("[rules.paragraph.length_a]\nmaxi = 3\n", &[]).is_err());
}

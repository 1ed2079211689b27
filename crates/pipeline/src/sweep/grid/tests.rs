use std::collections::BTreeMap;

use obelisc_document::{Content, DocId, Document, ImageFacts, ImageNode, Node, Page, RenderedSize, paragraphs};
use obelisc_filter::{Measured, RuleSpec};

use super::*;

const RECIPE: &str = "stages = [\"extract\", \"filter\", \"finish\"]\nfinish.images = \"url\"\n\
    [rules.image.url_words]\n[rules.paragraph.word_count]\nmin_words = 4\nmax_words = 100\n\
    [rules.document.punctuation_ratio]\n[rules.document.word_repetition_ratio]\n";

fn grid(words: &[&str]) -> Result<Grid, Vec<String>> {
    let stored = StoredRecipe::new("r".to_owned(), RECIPE.to_owned(), BTreeMap::new());
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    Grid::new(&stored, &words, &Given::default()).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn values_are_split_outside_of_lists_and_quotes() {
    assert_eq!(split_values("1, 2,off"), ["1", "2", "off"]);
    assert_eq!(split_values("[\"a\", \"b\"],[\"c,]\"]"), ["[\"a\", \"b\"]", "[\"c,]\"]"]);
}

#[test]
fn several_keys_give_all_combinations_behind_the_run_s_own() {
    let words = ["rules.paragraph.word_count.min_words=4,5", "document.punctuation_ratio.min_ratio=0.1,off,0.2"];
    let grid = grid(&words).unwrap();
    assert_eq!(grid.variants.len(), 7);
    assert!(grid.variants[0].set.is_empty());
    assert_eq!(grid.variants[2].set["document.punctuation_ratio.min_ratio"], "off");
    // A minimum of 4 is the run's own: those variants cut texts as it does.
    let nodes: Vec<_> = grid.classes[0].nodes.iter().map(|nodes| nodes.variants.clone()).collect();
    assert_eq!((grid.classes.len(), nodes), (1, vec![vec![0, 1, 2, 3], vec![4, 5, 6]]));
}

#[test]
fn what_changes_a_measure_is_told_from_what_changes_a_threshold() {
    for (word, measures) in [
        ("document.punctuation_ratio.min_ratio=0.1", false),
        ("document.punctuation_ratio.min_tokens=12", true),
        ("document.word_repetition_ratio.ngram_words=4", true),
        ("document.word_repetition_ratio.max_ratio=off", false),
        ("image.url_words.banned=[\"icon\"]", true),
        ("paragraph.word_count.max_words=off", false),
    ] {
        assert_eq!(grid(&[word]).unwrap().measures_all(), measures, "{word}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let found = grid(&[
        "paragraph.word_cuont.min_words=1",
        "document.word_count.min_words=1",
        "document.punctuation_ratio.min_ration=0.1",
        "rules.paragraph.word_count.min_words=-1,5",
        "extract.profile=obelisc",
        "nothing",
    ])
    .unwrap_err();
    for words in [
        "paragraph.word_cuont.min_words=1: unknown rule; did you mean \"paragraph.word_count\"?",
        "the run's recipe does not have this rule",
        "did you mean \"rules.document.punctuation_ratio.min_ratio\"?",
        "min_words: -1 is given",
        "extract.profile=obelisc: expected SUBJECT",
        "nothing: expected SUBJECT",
    ] {
        assert!(found.iter().any(|problem| problem.contains(words)), "{words}: {found:#?}");
    }
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[test]
fn too_many_variants_and_bounds_that_cross_are_refused() {
    let many = (0..40).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let words = [format!("paragraph.word_count.min_words={many}"), format!("paragraph.word_count.max_words={many}")];
    let found = grid(&[&words[0], &words[1]]).unwrap_err();
    assert!(found[0].contains("40 × 40 variants are more than 1000"), "{found:?}");
    let words = ["paragraph.word_count.min_words=4,90", "paragraph.word_count.max_words=50"];
    let found = grid(&words).unwrap_err();
    assert!(found.len() == 1 && found[0].contains("the minimum 90 is above the maximum 50"), "{found:?}");
}

/// Documents of many kinds, each with an image.
fn documents() -> Vec<Document> {
    let prose = "The boat crossed the lake in the evening, and nobody saw it. It was dark, and the wind had died away.";
    let texts = [
        prose.to_owned(),
        format!("{prose}\n\n{prose}\n\nShare this on Facebook, Twitter!"),
        "Boats Sails Ropes Anchors Oars Boats Sails Ropes Anchors Oars Boats Sails Ropes Anchors Oars Masts".to_owned(),
        "- one\n- two…\n{ x = 1; y[2] += 3; }\n0123456789 0123456789 0123456789".to_owned(),
        "Больше нет, 你好世界\n\nsex".to_owned(),
        "word ".repeat(300),
    ];
    let document = |(text, offset): (&String, u32)| {
        let image = ImageNode {
            src: format!("https://a.example/site-logo/{offset}_photo.jpg"),
            alt_text: Some("A boat on a lake".repeat(offset as usize)).filter(|text| !text.is_empty()),
            rendered_width: Some(RenderedSize::Pixels(100 * offset)),
            content_score: Some(0.3),
            facts: Some(ImageFacts::new("png", 150 * offset + 1, 200)),
            ..ImageNode::default()
        };
        let mut text = paragraphs(text);
        text.iter_mut().for_each(|paragraph| paragraph.content_score = Some(0.5));
        let nodes = [Content::Text(text), Content::Image(Box::new(image))];
        let nodes = nodes.into_iter().zip(0..).map(|(content, ordinal)| Node { ordinal, content }).collect();
        let page = Page { url: format!("https://a.example/{offset}"), ..Page::default() };
        Document { id: DocId::new("a.warc", offset.into(), 0), page, nodes }
    };
    texts.iter().zip(0..).map(document).collect()
}

/// The one rule of a recipe, and all that it measures.
fn measured(spec: &RuleSpec, option: &str) -> Option<(RuleSet, Vec<Measured>)> {
    let stages = "stages = [\"extract\", \"filter\", \"fetch\", \"attach\", \"finish\"]";
    let recipe = Recipe::parse("r", &format!("{stages}\n[rules.{}]\n{option}\n", spec.path()), &[]).ok()?;
    let judge = |mut document| recipe.judging.judge(&mut document, StageView::FINAL).judgements;
    let signals = documents().into_iter().flat_map(judge).flat_map(|judgement| judgement.signals).collect();
    Some((recipe.judging.default_rules().clone(), signals))
}

/// What a sweep rests on, for every rule there is.
#[test]
fn no_threshold_of_any_rule_changes_what_it_measures() {
    let values = ["\"off\"", "0", "0.001", "0.02", "0.5", "0.9", "1", "3", "12", "100", "5000"];
    let (mut thresholds, mut others) = (0, 0);
    for spec in obelisc_filters::RULES {
        for key in spec.options().iter().filter_map(|option| option.key.rsplit('.').next()) {
            let mut settings = values.iter().filter_map(|value| measured(spec, &format!("{key} = {value}")));
            let Some((base, signals)) = settings.next() else { continue };
            for (rules, other) in settings {
                if measure_alike(&base, &rules) {
                    assert_eq!(signals, other, "{}.{key} is taken for a threshold", spec.path());
                    thresholds += 1;
                } else {
                    others += 1;
                }
            }
        }
    }
    assert!(thresholds > 100 && others > 0, "{thresholds} thresholds, {others} others");
}

//! The recipe's tables `[classifiers.NAME]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use obelisc_classify::{Classifier, OnnxClassifier, Preprocessing};
use obelisc_filter::options::{Declared, Options, Source};
use obelisc_filter::{ConfiguredRule, Needs};
use obelisc_image::Filter;
use serde_json::{Map, Value};

use super::Sections;

/// Classifiers of images by their names; none under a name whose table is wrong.
#[derive(Clone, Default)]
pub struct Classifiers(BTreeMap<String, Option<Arc<dyn Classifier>>>);

impl Classifiers {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes rules that ask for classifiers or classes that the recipe does not have.
    pub(super) fn check<'r>(&self, root: &Options<'_>, rules: impl Iterator<Item = &'r ConfiguredRule>) {
        for rule in rules.filter(|rule| rule.spec().needs.contains(&Needs::Classifier)) {
            let (path, options) = (rule.spec().path(), rule.options());
            let name = options["classifier"].as_str().unwrap_or_default();
            let Some(classifier) = self.0.get(name) else {
                let named: Vec<&str> = self.0.keys().map(String::as_str).collect();
                let known = if named.is_empty() { "none".to_owned() } else { named.join(", ") };
                root.problem("rules", format!("{path} asks for a classifier {name:?}; [classifiers] has {known}"));
                continue;
            };
            // What is wrong with its table is told already.
            let Some(classifier) = classifier else { continue };
            let bounds = options["max_scores"].as_array().into_iter().flatten().filter_map(Value::as_str);
            for class in bounds.filter_map(|bound| bound.split_once('=')).map(|(class, _)| class.trim()) {
                if !classifier.classes().iter().any(|known| known == class) {
                    let known = classifier.classes().join(", ");
                    root.problem(
                        "rules",
                        format!("{path} bounds a class {class:?}; the classifier {name} has {known}"),
                    );
                }
            }
        }
    }

    /// The classifiers in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &dyn Classifier)> {
        self.0.iter().filter_map(|(name, classifier)| Some((name, &**classifier.as_ref()?)))
    }
}

impl fmt::Debug for Classifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What samples become before a model sees them, each by its name: mean and standard deviation of red, green and blue, as shares of the largest sample.
const SCALES: [(&str, [f32; 3], [f32; 3]); 5] = [
    ("unit", [0.0; 3], [1.0; 3]),
    ("symmetric", [0.5; 3], [0.5; 3]),
    ("bytes", [0.0; 3], [1.0 / 255.0; 3]),
    ("imagenet", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ("clip", [0.481_454_66, 0.457_827_5, 0.408_210_73], [0.268_629_54, 0.261_302_6, 0.275_777_1]),
];

const FILTERS: [(&str, Filter); 4] = [
    ("bicubic", Filter::Bicubic),
    ("bilinear", Filter::Bilinear),
    ("lanczos", Filter::Lanczos3),
    ("nearest", Filter::Nearest),
];

pub(super) fn read(tables: Vec<(String, Options<'_>)>, sections: &mut Sections) -> Classifiers {
    let mut canonical = Map::new();
    let mut classifiers = Classifiers::default();
    for (name, mut options) in tables {
        classifiers.0.insert(name.clone(), one(&mut options));
        canonical.insert(name, Value::Object(options.finish().canonical));
    }
    sections.canonical.insert("classifiers".to_owned(), Value::Object(canonical));
    classifiers
}

/// The keys of one of the tables.
pub(super) fn declared() -> Vec<Declared> {
    let source = Source::parse("defaults", "[classifiers.NAME]\n", &[]);
    let mut root = source.root();
    let tables = root.table("classifiers").tables();
    let declared = tables.into_iter().map(|(_, mut options)| {
        one(&mut options);
        options.finish().declared
    });
    declared.flatten().collect()
}

fn one(options: &mut Options<'_>) -> Option<Arc<dyn Classifier>> {
    let is_given = options.has("model");
    let model = options
        .resource("model", "model in ONNX whose input is pictures, and whose first output a score of each class");
    let classes = options.texts("classes", &[], &[], "names of the classes, in the order of the model's output");
    let mut side = |key, meaning| {
        let side = options.optional_integer(key, None, 1..=2048, meaning);
        side.and_then(|side| u32::try_from(side).ok())
    };
    let width =
        side("width", "pixels that pictures are brought to where the model does not say; \"off\" where it does");
    let height =
        side("height", "pixels that pictures are brought to where the model does not say; \"off\" where it does");
    let scale = options.choice(
        "scale",
        &SCALES.map(|(name, ..)| name),
        "what samples become: 0 to 1, -1 to 1, 0 to 255, or as ImageNet's or CLIP's means and deviations have it",
    );
    let filter =
        options.choice("filter", &FILTERS.map(|(name, _)| name), "how pictures are made smaller, as Pillow's filters");
    let logits = options.flag("logits", false, "put the model's outputs through a softmax");
    if classes.iter().collect::<BTreeSet<_>>().len() < classes.len() {
        options.problem("classes", "a class is named twice");
    }
    if width.is_some() != height.is_some() {
        options.problem("width", "width and height are given together, or neither");
    }
    if !is_given {
        options.problem("model", "missing; a classifier has a model");
    }
    let (_, mean, std) = *SCALES.iter().find(|(name, ..)| *name == scale)?;
    let (_, filter) = *FILTERS.iter().find(|(name, _)| *name == filter)?;
    let preprocessing = Preprocessing { size: width.zip(height), filter, mean, std, logits };
    let opened = OnnxClassifier::new((*model?.bytes()).as_ref(), preprocessing, classes);
    match opened {
        Ok(classifier) => Some(Arc::new(classifier)),
        Err(error) => {
            options.problem("model", error.to_string());
            None
        }
    }
}

//! What rules cost: beside extraction, and beside the reference's filter stage.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};
use obelisc_document::Document;
use obelisc_filter::StageView;
use obelisc_pipeline::Recipe;
use obelisc_pipeline::intake::{Fate, Intake};
use serde_json::json;

use super::{Options, cpu_time, median};
use crate::{data, root};

/// Documents a second that the reference's filter stage judged on one core: 300 pages in 4.6 CPU seconds, language and perplexity off.
const REFERENCE: f64 = 65.0;

/// Which rules are asked.
struct Asked {
    name: &'static str,
    recipe: Recipe,
}

/// Measures each set of rules on the documents that its own profile extracts.
pub(super) fn run(options: &Options) -> Result<()> {
    let corpus = corpus(options);
    let mut rows = Vec::new();
    let mut text = String::new();
    for Asked { name, recipe } in asked()? {
        let (mut extraction, mut judging, mut documents) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.runs {
            let begin = cpu_time();
            documents = extract(&corpus, &recipe)?;
            extraction.push((cpu_time() - begin).as_secs_f64());
            let mut copies = documents.clone();
            let begin = cpu_time();
            for document in &mut copies {
                std::hint::black_box(recipe.judging.judge(document, StageView::FINAL));
            }
            judging.push((cpu_time() - begin).as_secs_f64());
        }
        let (extraction, judging) = (median(extraction), median(judging));
        let share = judging / extraction;
        let per_second = documents.len() as f64 / judging;
        let times = per_second / REFERENCE;
        text.push_str(&format!(
            "{name:<30} {:>5} documents  {:>7.1} ms  {:>5.1} % of extraction ({:.0} ms)  {per_second:>6.0} documents/s = {times:.1} times the reference\n",
            documents.len(),
            judging * 1e3,
            share * 100.0,
            extraction * 1e3,
        ));
        rows.push(json!({
            "rules": name,
            "documents": documents.len(),
            "seconds": judging,
            "extraction_seconds": extraction,
            "share_of_extraction": share,
            "documents_per_second": per_second,
            "times_reference": times,
        }));
    }
    options.print(&corpus, json!({ "rules": rows }), &text);
    Ok(())
}

/// The reference's pages, where no others are asked for.
fn corpus(options: &Options) -> Vec<PathBuf> {
    let own = data().map(|data| data.join("wcxb-dev-300.warc.gz")).filter(|file| file.exists());
    match own {
        Some(own) if options.corpus.is_empty() => vec![own],
        _ => options.corpus(),
    }
}

fn asked() -> Result<Vec<Asked>> {
    let parse = |name: &'static str, text: &str| {
        let recipe = Recipe::parse(name, text, &[]);
        let recipe = recipe.map_err(|problems| anyhow::anyhow!("{name}: {problems:?}"))?;
        Ok::<_, anyhow::Error>(Asked { name, recipe })
    };
    let file = |name: &str| std::fs::read_to_string(root().join("pipelines").join(name));
    let mut all = "stages = [\"extract\", \"filter\", \"fetch\", \"attach\", \"finish\"]\n".to_owned();
    for rule in obelisc_filters::RULES.iter().filter(|rule| rule.stands_alone()) {
        all.push_str(&format!("[rules.{}]\n", rule.path()));
    }
    Ok(vec![
        parse("pipelines/obelisc.toml", &file("obelisc.toml")?)?,
        // The reference's figure is of documents that it extracted itself.
        parse("all rules without a model", &format!("{all}[extract]\nprofile = \"obelisc\"\n"))?,
        parse("the same on default's pages", &all)?,
        parse("pipelines/default.toml", &file("default.toml")?)?,
    ])
}

fn extract(corpus: &[PathBuf], recipe: &Recipe) -> Result<Vec<Document>> {
    let intake = Intake::new(&recipe.extract, false)?;
    let mut documents = Vec::new();
    for file in corpus {
        let name = file.file_name().context("an archive has a name")?.to_string_lossy();
        intake.archive(&name, File::open(file)?, |finding| {
            if let Fate::Document(document) = finding.fate {
                documents.push(*document);
            }
            Ok::<_, std::io::Error>(())
        })?;
    }
    Ok(documents)
}

//! `explain`.

use std::io::{self, Write};
use std::path::Path;

use obelisc_pipeline::explain::{Decision, Explanation};

use crate::output::print;
use crate::{Failure, place, printable};

/// What is said of a URL that no table names.
const NOT_FOUND: &str =
    "no page of this URL in the run; records that are no pages (images, scripts, requests) are counted, not listed";

/// Characters of a text that a line shows.
const SHOWN: usize = 60;

/// `obelisc explain`.
pub fn explain(dir: &Path, url: &str, as_json: bool) -> Result<(), Failure> {
    let storage = place::open_plainly(dir)?;
    let found = obelisc_pipeline::explain::explain(&*storage, url)
        .map_err(|error| Failure::unreachable(format!("{}: no run that can be read: {error}", dir.display())))?;
    if as_json {
        let text = serde_json::to_string_pretty(&found).map_err(Failure::unreachable)?;
        print(|out| writeln!(out, "{text}"))?;
    } else {
        print(|out| {
            for failure in &found.failures {
                let detail = if failure.detail.is_empty() { String::new() } else { format!(" ({})", failure.detail) };
                let text = format!("{} at {}: no document: {}{detail}", failure.input, failure.offset, failure.reason);
                writeln!(out, "{}", printable(&text))?;
            }
            found.documents.iter().try_for_each(|document| show(out, document))
        })?;
    }
    if found.documents.is_empty() && found.failures.is_empty() {
        return Err(Failure { code: 1, message: format!("{url}: {NOT_FOUND}") });
    }
    Ok(())
}

fn show(out: &mut impl Write, explanation: &Explanation) -> io::Result<()> {
    let page = &explanation.extracted.general_metadata;
    writeln!(out, "{}", printable(&page.url))?;
    writeln!(
        out,
        "  document {} from {} at {}",
        explanation.extracted.id, page.warc_filename, page.warc_record_offset
    )?;
    if let Some(title) = &page.title {
        writeln!(out, "  title    {}", printable(title))?;
    }
    writeln!(out, "  reached  {}", explanation.reached)?;
    for address in &page.unresolved_images {
        writeln!(out, "  image    failed no_base_url  {}", printable(address))?;
    }
    let mut step = "";
    for decision in &explanation.decisions {
        if decision.step != step {
            step = &decision.step;
            writeln!(out, "{step}:")?;
        }
        writeln!(out, "  {}", printable(&line(decision)))?;
    }
    Ok(())
}

fn line(decision: &Decision) -> String {
    let place = match (decision.ordinal, decision.paragraph) {
        (Some(ordinal), Some(paragraph)) => format!("{} {ordinal}.{paragraph}", decision.subject),
        (Some(ordinal), None) => format!("{} {ordinal}", decision.subject),
        _ => decision.subject.to_owned(),
    };
    let verdict = match &decision.rule {
        None => "kept   ".to_owned(),
        Some(rule) => {
            let value = decision.value.as_deref().map(|value| format!(" {value}")).unwrap_or_default();
            let bound = decision.bound.as_deref().map(|bound| format!(", {bound}")).unwrap_or_default();
            format!("DROPPED {rule}{value}{bound}")
        }
    };
    let mut signals: Vec<String> = decision.signals.iter().map(|(rule, value)| format!("{rule}={value}")).collect();
    signals.extend(decision.language.iter().map(|language| format!("language={language}")));
    for made in decision.edits.chunk_by(|one, next| one.edit == next.edit) {
        signals.extend(made.first().map(|first| format!("edit.{}×{}", first.edit, made.len())));
    }
    let signals = if signals.is_empty() { String::new() } else { format!("  [{}]", signals.join(" ")) };
    let content = decision.content.as_deref().map(|text| {
        let text = text.replace('\n', " ");
        let short: String = text.chars().take(SHOWN).collect();
        if short.len() < text.len() { format!("  {short}…") } else { format!("  {short}") }
    });
    format!("{place:<16} {verdict}{signals}{}", content.unwrap_or_default())
}

//! Pages that come from the code, and notebooks that come from scripts.

mod notebook;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::root;

/// Writes the pages, or with `check` says which are not what the code says.
pub(crate) fn run(check: bool) -> Result<bool> {
    let mut stale = Vec::new();
    let mut all = pages(&root().join("filters"))?;
    all.extend(notebooks(&root().join("crates/python/examples"))?);
    for (path, page) in all {
        if std::fs::read_to_string(&path).ok().as_ref() != Some(&page) {
            if !check {
                std::fs::write(&path, &page)?;
            }
            stale.push(path);
        }
    }
    let done = if check { "not what the code says" } else { "written" };
    stale.iter().for_each(|path| println!("{}: {done}", path.display()));
    if check && !stale.is_empty() {
        println!("`cargo xtask generate` writes them");
    }
    Ok(!check || stale.is_empty())
}

/// All generated pages, as they should be.
fn pages(filters: &Path) -> Result<Vec<(PathBuf, String)>> {
    let readme = filters.join("README.md");
    let text = read(&readme)?;
    let index = between(&text, "<!-- rules: begin -->\n", "<!-- rules: end -->", &obelisc_filters::index_markdown());
    let index = index.context("filters/README.md has no place for the index of rules")?;
    let edits = between(&index, "<!-- edits: begin -->\n", "<!-- edits: end -->", &obelisc_filters::edits_markdown());
    let mut pages = vec![(readme, edits.context("filters/README.md has no place for the index of edits")?)];
    let rules = obelisc_filters::RULES.iter().map(|rule| (rule.subject.name(), rule.name, rule.options()));
    let edits = obelisc_filters::EDITS.iter().map(|edit| ("edit", edit.name, edit.options()));
    for (folder, name, options) in rules.chain(edits) {
        let path = filters.join(folder).join(format!("{name}.md"));
        let table = format!("{}\n", obelisc_filters::options_markdown(&options));
        let page = between(&read(&path)?, "\n## Options\n\n", "## Source", &table);
        pages.push((path.clone(), page.with_context(|| format!("{} has no options", path.display()))?));
    }
    Ok(pages)
}

/// A notebook for each script of a folder.
fn notebooks(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut notebooks = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let script = entry?.path();
        if script.extension().is_some_and(|ending| ending == "py") {
            notebooks.push((script.with_extension("ipynb"), notebook::of_script(&read(&script)?)?));
        }
    }
    Ok(notebooks)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// `page` with `text` between two marks.
fn between(page: &str, begin: &str, end: &str, text: &str) -> Option<String> {
    let (head, rest) = page.split_once(begin)?;
    let (_, tail) = rest.split_once(end)?;
    Some(format!("{head}{begin}{text}{end}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_pages_are_what_the_code_says() {
        let notebooks = notebooks(&root().join("crates/python/examples")).unwrap();
        assert!(!notebooks.is_empty());
        for (path, page) in pages(&root().join("filters")).unwrap().into_iter().chain(notebooks) {
            assert_eq!(std::fs::read_to_string(&path).unwrap(), page, "{}", path.display());
        }
    }

    #[test]
    fn text_is_replaced_between_its_marks_alone() {
        assert_eq!(between("a<b>old</b>c", "<b>", "</b>", "new").as_deref(), Some("a<b>new</b>c"));
        assert_eq!(between("a<b>old", "<b>", "</b>", "new"), None);
    }
}

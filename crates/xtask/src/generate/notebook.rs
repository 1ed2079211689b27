//! Notebooks, made of scripts that are run: `# %%` begins a cell of code, `# %% [markdown]` one of text in comments.

use serde_json::{Value, json};

/// Marks that begin a cell.
const CODE: &str = "# %%";
const MARKDOWN: &str = "# %% [markdown]";

/// The notebook of a script, as Jupyter writes it: without outputs, so that it says what the script says and nothing else.
pub(super) fn of_script(script: &str) -> serde_json::Result<String> {
    let mut cells: Vec<(bool, Vec<&str>)> = Vec::new();
    for line in script.lines() {
        match (line, cells.last_mut()) {
            (MARKDOWN, _) => cells.push((true, Vec::new())),
            (CODE, _) => cells.push((false, Vec::new())),
            (line, Some((true, text))) => text.push(line.strip_prefix("# ").or(line.strip_prefix('#')).unwrap_or(line)),
            (line, Some((false, code))) => code.push(line),
            // What stands before the first cell is no part of it.
            (_, None) => {}
        }
    }
    let cells: Vec<Value> =
        cells.iter().zip(1..).map(|((is_text, lines), number)| cell(*is_text, lines, number)).collect();
    let notebook = json!({
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    });
    Ok(serde_json::to_string_pretty(&notebook)? + "\n")
}

fn cell(is_text: bool, lines: &[&str], number: usize) -> Value {
    let text = lines.join("\n");
    let source: Vec<&str> = text.trim_matches('\n').split_inclusive('\n').collect();
    let id = format!("cell-{number}");
    if is_text {
        json!({"cell_type": "markdown", "id": id, "metadata": {}, "source": source})
    } else {
        json!({"cell_type": "code", "execution_count": null, "id": id, "metadata": {}, "outputs": [], "source": source})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_those_of_the_script() {
        let script = "# %% [markdown]\n# # Title\n#\n# Text.\n\n# %%\nimport obelisc\n\n\n# %%\nprint(1)  # %%\n";
        let notebook: Value = serde_json::from_str(&of_script(script).unwrap()).unwrap();
        let cells = notebook["cells"].as_array().unwrap();
        assert_eq!(cells.len(), 3);
        assert_eq!(cells[0]["source"], json!(["# Title\n", "\n", "Text."]));
        assert_eq!(cells[1]["source"], json!(["import obelisc"]));
        assert_eq!(cells[2]["source"], json!(["print(1)  # %%"]));
    }
}

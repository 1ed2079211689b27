//! `rules`, `print-config` and `schema`: what the program says of itself.

use std::fmt::Write as _;
use std::io::Write;

use obelisc_document::table::{self, Description};
use obelisc_filter::options::Declared;
use obelisc_filter::{EditSpec, Judgement};
use obelisc_pipeline::{Config, Recipe};
use serde_json::json;

use crate::Failure;
use crate::args::SchemaSubject;
use crate::output::print;

/// `obelisc rules`.
pub fn rules(name: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let found = match name {
        Some(name) => obelisc_filters::find(name),
        None => obelisc_filters::RULES.to_vec(),
    };
    let edits: Vec<&EditSpec> = match name {
        Some(name) => obelisc_filters::find_edit(name).into_iter().collect(),
        None => obelisc_filters::EDITS.to_vec(),
    };
    if found.is_empty() && edits.is_empty() {
        let rules = obelisc_filters::RULES.iter().map(|rule| rule.path());
        let all = rules.chain(obelisc_filters::EDITS.iter().map(|edit| edit.path())).collect::<Vec<_>>();
        let name = name.unwrap_or_default();
        let hint = obelisc_filter::options::nearest(name, all.iter().map(String::as_str));
        return Err(Failure::usage(format!("no rule is named {name:?}{hint}; there are: {}", all.join(", "))));
    }
    if as_json {
        let rules = found.iter().map(|rule| obelisc_filters::describe(rule));
        let rules: Vec<_> = rules.chain(edits.iter().map(|edit| obelisc_filters::describe_edit(edit))).collect();
        print(|out| writeln!(out, "{:#}", json!(rules)))
    } else if name.is_some() {
        let pages = found.iter().map(|rule| rule.page).chain(edits.iter().map(|edit| edit.page));
        print(|out| write!(out, "{}", pages.collect::<Vec<_>>().join("\n")))
    } else {
        let lines = found.iter().map(|rule| (rule.path(), rule.summary()));
        let lines: Vec<_> = lines.chain(edits.iter().map(|edit| (edit.path(), edit.summary()))).collect();
        let width = lines.iter().map(|(path, _)| path.len()).max().unwrap_or_default();
        print(|out| lines.iter().try_for_each(|(path, summary)| writeln!(out, "{path:<width$}  {summary}")))
    }
}

/// `obelisc print-config`.
pub fn print_config() -> Result<(), Failure> {
    let title = "obelisc config: on which machine, how fast.  Nothing here changes a byte of the dataset.";
    print(|out| write!(out, "{}", toml(title, &Config::declared())))
}

/// Declared keys as a TOML file with comments.
fn toml(title: &str, declared: &[Declared]) -> String {
    let mut text = format!("# {title}\n");
    let mut section = "";
    for option in declared {
        let (table, key) = option.key.rsplit_once('.').unwrap_or(("", &option.key));
        // A table of any name is shown, not set.
        // Nor are those that hand a run to a cluster: which one it is says that a table is there.
        let is_cluster = ["slurm", "kubernetes"].iter().any(|name| table.split('.').next() == Some(*name));
        let off = if table.ends_with("NAME") || is_cluster { "# " } else { "" };
        if table != section {
            section = table;
            // Writing into a String cannot fail.
            let _ = write!(text, "\n{off}[{table}]\n");
        }
        let _ = write!(text, "# {}\n# {}\n{off}{key} = {}\n", option.meaning, option.allowed, option.default);
    }
    text
}

/// `obelisc schema`.
pub fn schema(subject: &SchemaSubject) -> Result<(), Failure> {
    match subject {
        SchemaSubject::Recipe => print(|out| {
            let title = "obelisc recipe: which dataset.  Rules stand under [rules.SUBJECT.NAME].";
            write!(out, "{}", toml(title, &Recipe::declared()))?;
            for edit in obelisc_filters::EDITS {
                section(out, "", &format!("edits.{}", edit.name), &edit.summary(), &edit.options())?;
            }
            for rule in obelisc_filters::RULES {
                let off = if rule.stands_alone() { "" } else { "# " };
                section(out, off, &format!("rules.{}", rule.path()), &rule.summary(), &rule.options())?;
            }
            Ok(())
        }),
        SchemaSubject::Config => print_config(),
        SchemaSubject::Document => print(|out| writeln!(out, "{:#}", document_schema())),
        SchemaSubject::Table { name } => describe_table(name.as_deref()),
    }
}

/// A table of a recipe, each line behind `off`.
fn section(out: &mut dyn Write, off: &str, table: &str, summary: &str, options: &[Declared]) -> std::io::Result<()> {
    writeln!(out, "\n# {summary}\n{off}[{table}]")?;
    options.iter().try_for_each(|option| {
        let key = option.key.rsplit('.').next().unwrap_or_default();
        writeln!(out, "# {}\n# {}\n{off}{key} = {}", option.meaning, option.allowed, option.default)
    })
}

fn describe_table(name: Option<&str>) -> Result<(), Failure> {
    let mut tables = table::tables();
    tables.push(table::describe::<Judgement>());
    tables.sort_by_key(|table| table.name);
    let Some(name) = name else {
        return print(|out| {
            tables.iter().try_for_each(|Description { name, version, meaning, .. }| {
                writeln!(out, "{name:<18} version {version}  {meaning}")
            })
        });
    };
    let Some(table) = tables.iter().find(|table| table.name == name) else {
        let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
        return Err(Failure::usage(format!("no table is named {name:?}; there are: {}", names.join(", "))));
    };
    print(|out| {
        writeln!(out, "# {} version {}: {}", table.name, table.version, table.meaning)?;
        table.schema.fields().iter().try_for_each(|field| {
            let nullable = if field.is_nullable() { ", nullable" } else { "" };
            writeln!(out, "{}: {}{nullable}", field.name(), field.data_type())
        })
    })
}

/// The JSON document, as JSON Schema.
fn document_schema() -> serde_json::Value {
    let list = |of: serde_json::Value| json!({"type": "array", "items": of});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "interleaved document",
        "description": "texts, images and metadata have equal length; at each place exactly one of texts and images is not null",
        "type": "object",
        "required": ["id", "url", "texts", "images", "metadata", "general_metadata"],
        "properties": {
            "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "url": {"type": "string"},
            "texts": list(json!({"type": ["string", "null"]})),
            "images": list(json!({"type": ["string", "null"]})),
            "metadata": list(json!({
                "type": ["object", "null"],
                "required": ["document_url", "src", "unformatted_src", "source"],
            })),
            "general_metadata": {"type": "object", "required": ["url", "warc_filename", "warc_record_offset"]},
        },
    })
}

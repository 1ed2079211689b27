//! The recipe's table `[select]`.

use std::sync::LazyLock;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use obelisc_engine::Condition;
use obelisc_filter::options::Options;

use super::{Sections, Stage};

/// Which captures of the columnar index are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// What a row of the index must hold; `None` where the recipe does not select.
    pub condition: Option<Condition>,
}

/// Columns that say where a record lies.
pub(crate) const PLACE: [&str; 3] = ["warc_filename", "warc_record_offset", "warc_record_length"];

/// Columns that stand in the paths of the index's files, as `crawl=CC-MAIN-2024-10`, and not in the files.
pub(crate) const IN_PATHS: [&str; 2] = ["crawl", "subset"];

/// The columns of Common Crawl's columnar index (`cc-index-table`, its schema as of CC-MAIN-2024): those of the first crawls lack some, which hold no value then.
pub(crate) static INDEX: LazyLock<SchemaRef> = LazyLock::new(|| {
    let texts = [
        "url_surtkey",
        "url",
        "url_host_name",
        "url_host_tld",
        "url_host_2nd_last_part",
        "url_host_3rd_last_part",
        "url_host_4th_last_part",
        "url_host_5th_last_part",
        "url_host_registry_suffix",
        "url_host_registered_domain",
        "url_host_private_suffix",
        "url_host_private_domain",
        "url_host_name_reversed",
        "url_protocol",
        "url_path",
        "url_query",
        "fetch_redirect",
        "content_digest",
        "content_mime_type",
        "content_mime_detected",
        "content_charset",
        "content_languages",
        "content_truncated",
        "warc_filename",
        "warc_segment",
    ];
    let texts = texts.into_iter().chain(IN_PATHS).map(|name| (name, DataType::Utf8));
    let others = [
        ("url_port", DataType::Int32),
        ("fetch_time", DataType::Timestamp(TimeUnit::Millisecond, None)),
        ("fetch_status", DataType::Int16),
        ("warc_record_offset", DataType::Int64),
        ("warc_record_length", DataType::Int64),
    ];
    let fields: Vec<Field> = texts.chain(others).map(|(name, kind)| Field::new(name, kind, true)).collect();
    std::sync::Arc::new(Schema::new(fields))
});

pub(super) fn read(mut options: Options<'_>, sections: &mut Sections, stages: &[Stage]) -> Select {
    let key = "where";
    let text = options.text(
        key,
        "",
        "which captures of Common Crawl's columnar index are read: what stands behind WHERE, in SQL on its columns",
    );
    let mut condition = None;
    let selects = stages.contains(&Stage::Select);
    if !text.is_empty() {
        if !selects {
            options.problem(key, "is given, and the stage select is missing".to_owned());
        }
        match Condition::parse(&text, &INDEX) {
            Ok(parsed) => condition = Some(parsed),
            Err(problem) => {
                let columns: Vec<&str> = INDEX.fields().iter().map(|field| field.name().as_str()).collect();
                options.problem(key, format!("{problem}; the columns are {}", columns.join(", ")));
            }
        }
    } else if selects {
        options.problem(
            key,
            "missing; the stage select reads the captures for which it is true, \"true\" for all".to_owned(),
        );
    }
    sections.add("select", options.finish());
    Select { condition }
}

#[cfg(test)]
mod tests {
    use crate::recipe::Recipe;

    fn problems(text: &str) -> Vec<String> {
        let stages = "stages = [\"select\", \"extract\", \"finish\"]\nfinish.images = \"url\"\n";
        let problems = Recipe::parse("r.toml", &format!("{stages}{text}"), &[]).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_condition_is_on_the_columns_of_the_index() {
        for right in [
            "subset = 'warc' AND crawl = 'CC-MAIN-2024-10' AND fetch_status = 200",
            "content_languages LIKE 'isl%' AND url_host_registered_domain IN ('a.is', 'b.is')",
            "fetch_time >= '2024-03-01' AND NOT content_truncated IS NOT NULL",
            "true",
        ] {
            assert_eq!(problems(&format!("[select]\nwhere = \"{right}\"\n")), [""; 0], "{right}");
        }
    }

    #[test]
    fn a_wrong_condition_is_told_with_its_line() {
        let told = problems("[select]\nwhere = \"fetch_stat = 200\"\n");
        assert!(told[0].starts_with("r.toml:4: select.where: "), "{told:?}");
        assert!(told[0].contains("fetch_stat") && told[0].contains("the columns are url_surtkey, url,"), "{told:?}");
        let told = problems("");
        assert!(told[0].contains("select.where: missing"), "{told:?}");
    }
}

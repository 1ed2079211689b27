//! URLs, file names and sizes against what the reference's own code gave (`OBELISC_DATA`).

use html5ever::local_name;
use obelisc_document::{ImageNode, RenderedSize};
use obelisc_testkit::{data_folder, read_gzip};
use serde_json::Value;

use super::size::{self, Infinite, Size};
use super::tests::rules;
use super::{Stop, filename, image};
use crate::Limits;
use crate::dom::Dom;
use crate::parse::{Scripting, parse_with};

fn cases() -> Option<Vec<Value>> {
    let file = data_folder()?.join("reference/urls.jsonl.gz");
    let text = String::from_utf8(read_gzip(&file)).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// A page of one `img`.
fn page(attributes: &Value) -> Dom {
    let mut page = "<body><img".to_owned();
    for attribute in attributes.as_array().unwrap() {
        page.push_str(&format!(" {}", attribute[0].as_str().unwrap()));
        if let Some(value) = attribute[1].as_str() {
            page.push_str(&format!(
                "=\"{}\"",
                value.replace('&', "&amp;").replace('"', "&quot;").replace('\r', "&#13;")
            ));
        }
    }
    parse_with(&(page + ">"), Scripting::Disabled, &Limits::default()).unwrap()
}

/// The metadata of an image as the reference has it.
fn metadata(image: &ImageNode, page_url: &str) -> Value {
    let mut metadata = image.published_metadata(page_url).unwrap();
    metadata.as_object_mut().unwrap().remove("source");
    metadata
}

#[test]
fn images_are_those_of_the_reference() {
    let Some(cases) = cases() else { return };
    let rules = rules();
    let mut run = 0;
    for case in cases.iter().filter(|case| case["kind"] == "url" || case["kind"] == "attributes") {
        run += 1;
        let dom = page(&case["attributes"]);
        let img = dom.ids().find(|&node| dom.is_html(node, &local_name!("img"))).unwrap();
        let page_url = case["page_url"].as_str().unwrap();
        let source = image::source(&dom, img, &rules).map(|(_, source)| source);
        assert_eq!(case["selected_src"].as_str(), source, "{case}");
        if let Some(candidate) = case["candidate_url"].as_str() {
            assert_eq!(rules.urls.join(page_url, source.unwrap()).as_deref(), Ok(candidate), "{case}");
        }
        match image::read(&dom, img, page_url, &rules) {
            Ok(image) => {
                assert_eq!(case["error"], Value::Null, "{case}");
                assert_eq!(case["resolved"].as_str(), image.as_ref().map(|image| image.src.as_str()), "{case}");
                assert_eq!(case["metadata"], Value::from(image.map(|image| metadata(&image, page_url))), "{case}");
            }
            Err(stop) => assert!(stop == Stop::Emptied && case["error"] == "OverflowError", "{case}"),
        }
    }
    assert_eq!(run, 669);
}

#[test]
fn file_names_are_those_of_the_reference() {
    let Some(cases) = cases() else { return };
    for case in cases.iter().filter(|case| case["kind"] == "filename") {
        let words = filename::words(case["url"].as_str().unwrap());
        assert_eq!(case["formatted_filename"], *words.unwrap_or_default(), "{case}");
    }
}

#[test]
fn sizes_are_those_of_the_reference() {
    let Some(cases) = cases() else { return };
    for case in cases.iter().filter(|case| case["kind"] == "size") {
        match size::read(case["raw"].as_str().unwrap()) {
            Err(Infinite) => assert_eq!(case["empties_page"], true, "{case}"),
            Ok(None) => assert_eq!(case["error"], "ValueError", "{case}"),
            Ok(Some(size)) => match (case["rendered_bigint"].as_str(), &size) {
                (Some(expected), Size::Integer(digits)) => assert_eq!(expected, digits),
                _ => assert_eq!(case["rendered"], serde_json::to_value(RenderedSize::from(size)).unwrap(), "{case}"),
            },
        }
    }
}

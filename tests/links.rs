//! `images = "url"`: datasets of links, for archives that hold pages alone.

use crate::archives::quickstart;
use crate::dataset::{assert_same, dataset_tree, manifest, rows};
use crate::program::{Place, run_recipe};

const RECIPE: &str = r#"
name = "links"
stages = ["extract", "filter", "finish"]

[rules.image.url_words]

[rules.paragraph.word_count]
min_words = 4

[rules.document.image_count]
min_images = 1

[finish]
images = "url"
"#;

#[test]
fn a_recipe_without_fetch_and_attach_gives_links_in_reading_order() {
    let place = Place::new();
    let recipe = place.write("links.toml", RECIPE);
    let output = place.path("out");
    run_recipe(&recipe, &[quickstart()], &output).ok();
    assert!(!output.join("images").exists());
    let rows = rows(&output.join("dataset"));
    let waves = rows.iter().find(|row| row.url.ends_with("/waves/interference")).unwrap();
    let names = ["interference.jpg", "moire-rings.png", "chladni.jpg", "caustics-cut.jpg"];
    let urls = names.map(|name| format!("https://atlas.example/img/{name}"));
    let images: Vec<_> = waves.images.iter().flatten().map(|url| String::from_utf8(url.clone()).unwrap()).collect();
    assert_eq!(images, urls);
    assert_eq!(waves.sources(), urls);
    assert!(waves.texts[0].as_deref().unwrap().starts_with("Drop two pebbles"));

    let manifest = manifest(&output.join("dataset"));
    assert!(manifest["image_seal"].is_null(), "{manifest}");
    let steps: Vec<_> = manifest["stages"].as_array().unwrap().iter().map(|stage| stage["name"].clone()).collect();
    assert_eq!(steps, ["extract", "filter", "order", "write"]);

    let again = place.path("again");
    run_recipe(&recipe, &[quickstart()], &again).words(["--threads", "1"]).ok();
    assert_same(&dataset_tree(&output), &dataset_tree(&again));
}

#[test]
fn a_recipe_of_two_stages_keeps_every_page() {
    let place = Place::new();
    let recipe = place.write("all.toml", "stages = [\"extract\", \"finish\"]\nfinish.images = \"url\"\n");
    let output = place.path("out");
    run_recipe(&recipe, &[quickstart()], &output).ok();
    assert_eq!(rows(&output.join("dataset")).len(), 17);
    let explain = crate::program::obelisc(["explain"]).path(&output);
    let found = explain.words(["--json", "--url", "https://atlas.example/gallery/soon"]).ok().json();
    assert_eq!(found["documents"][0]["reached"], "dataset");
}

//! Same recipe and same input bytes give the same dataset bytes.

use std::path::Path;

use obelisc_testkit::object_store::ObjectStoreServer;

use crate::archives::{some_archives, three_archives};
use crate::dataset::{assert_same, data_tree, dataset_tree, manifest, rows, tree};
use crate::program::{Place, repository, run_of, run_recipe};

/// Bytes of a shard that make the three archives more than one.
const SHARD: &str = "finish.max_shard_bytes=2000000";

#[test]
fn one_thread_and_two_give_the_same_dataset() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 70);
    let run = |threads: &str, output: &str| {
        let output = place.path(output);
        run_of(&archives, &output).words(["--threads", threads, "--set", SHARD]).ok();
        dataset_tree(&output)
    };
    let one = run("1", "one");
    assert_same(&one, &run("2", "two"));
    let manifest = manifest(&place.path("one/dataset"));
    assert!(manifest["shards"].as_array().unwrap().len() > 2, "{manifest}");
    let rows = rows(&place.path("one/dataset"));
    assert_eq!(rows.len(), 210);
    assert_eq!(rows.iter().flat_map(|row| &row.images).flatten().count(), 420);
}

#[test]
fn one_task_a_stage_and_seven_give_the_same_shards_in_a_folder_and_in_an_object_store() {
    let place = Place::new();
    let archives = some_archives(&place, "in", 7, 6);
    place.write("one.toml", "[run]\nmax_tasks = 1\n");
    place.write("three.toml", "[run]\nmax_tasks = 3\n[engine]\nrows_per_task = 400\n[storage]\nlease_seconds = 3\n");
    place.write("seven.toml", "[run]\nmax_tasks = 7\n[engine]\nrows_per_task = 8\n");
    let recipe = repository("pipelines/quickstart.toml");
    let run = |config: &str, output: &Path| {
        let call = run_recipe(Path::new(&recipe), &archives, output);
        call.word("--config").path(&place.path(&format!("{config}.toml")))
    };
    run("one", &place.path("one")).ok();
    let events = run("seven", &place.path("seven")).events();
    for step in ["extract", "duplicates-1", "locate", "seal", "attach"] {
        let begun = events.iter().find(|event| event["event"] == "step_started" && event["step"] == step);
        assert!(begun.unwrap()["tasks"].as_u64() >= Some(2), "{step}: {begun:?}");
    }
    let one = data_tree(&place.path("one"));
    assert_same(&one, &data_tree(&place.path("seven")));
    place.write("store/bucket/readme.txt", "a bucket");
    let server = ObjectStoreServer::start(&place.path("store"));
    run("three", Path::new("s3://bucket/three")).envs(server.variables()).ok();
    assert_same(&one, &data_tree(&place.path("store/bucket/three")));
    // A run whose tasks are cut otherwise begins anew, in the same folder.
    run("seven", &place.path("one")).ok();
    assert_same(&one, &tree(&place.path("one/dataset/data")));
}

#[test]
fn the_place_and_the_order_of_the_inputs_change_no_byte() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 20);
    run_of(&archives, &place.path("here")).ok();
    let elsewhere: Vec<_> = archives
        .iter()
        .rev()
        .map(|archive| {
            let name = archive.file_name().unwrap().to_str().unwrap();
            place.write(&format!("somewhere/else/{name}"), std::fs::read(archive).unwrap())
        })
        .collect();
    run_of(&elsewhere, &place.path("there")).ok();
    assert_same(&dataset_tree(&place.path("here")), &dataset_tree(&place.path("there")));
    let list: String = elsewhere.iter().map(|path| format!("{}\n", path.display())).collect();
    let list = place.write("list.txt", format!("# the same\n{list}"));
    run_of(&[format!("@{}", list.display())], &place.path("listed")).ok();
    assert_same(&dataset_tree(&place.path("here")), &dataset_tree(&place.path("listed")));
}

#[test]
fn a_shared_image_store_is_filled_once_and_gives_the_same_dataset() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 10);
    let store = place.path("store");
    run_of(&archives, &place.path("alone")).ok();
    run_of(&archives, &place.path("first")).word("--image-store").path(&store).ok();
    let filled = tree(&store);
    run_of(&archives, &place.path("second")).word("--image-store").path(&store).ok();
    assert_same(&filled, &tree(&store));
    assert!(!place.path("first/images").exists());
    for output in ["first", "second"] {
        assert_same(&dataset_tree(&place.path("alone")), &dataset_tree(&place.path(output)));
    }
}

#[test]
fn the_config_changes_no_byte() {
    let place = Place::new();
    let archives = three_archives(&place, "in", 10);
    run_of(&archives, &place.path("plain")).ok();
    let text = "run.threads = 3\nrun.keep_tables = false\nrun.min_free_bytes = 0\nledger.judgements = \"counts\"\n";
    let config = place.write("config.toml", text);
    run_of(&archives, &place.path("other")).word("--config").path(&config).ok();
    assert_same(&dataset_tree(&place.path("plain")), &dataset_tree(&place.path("other")));
    assert!(!place.path("other/run/steps").exists());
}

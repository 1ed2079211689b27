use obelisc_document::{DocId, Node, Page, paragraphs};
use obelisc_shard::{Limits, ShardWriter, Split};
use obelisc_storage::inputs::{self, Wanted};
use obelisc_storage::{LocalFolder, Remotes};

use super::*;

const RECIPE: &str = "stages = [\"extract\", \"filter\", \"finish\"]\n\
    finish = {images = \"url\", max_shard_bytes = 4000, max_row_group_rows = 2}\n[rules.document.word_count]\nmin_words = 2\n";

/// A shard of so many documents of a few words, every third of one.
fn shard(folder: &tempfile::TempDir, name: &str, documents: u64) -> Vec<Input> {
    let mut writer = ShardWriter::new(Vec::new(), ImageColumn::Url, Limits::default()).unwrap();
    for number in 0..documents {
        let text = if number % 3 == 2 { "One".to_owned() } else { format!("The number {number} and more") };
        let page = Page { url: format!("https://a.example/{number}"), ..Page::default() };
        let nodes = vec![Node { ordinal: 0, content: Content::Text(paragraphs(&text)) }];
        writer.push(Row::linked(&Document { id: DocId::new("a", number, 0), page, nodes }).unwrap()).unwrap();
    }
    LocalFolder::open(folder.path()).unwrap().write(name, &writer.finish().unwrap().1).unwrap();
    let path = folder.path().join(name);
    inputs::find(&[path.to_str().unwrap().to_owned()], Wanted::Shards, &Remotes::default()).unwrap()
}

fn rewrite(inputs: &[Input], threads: usize, stop: bool) -> (tempfile::TempDir, Result<Rewritten, Error>) {
    let recipe = Recipe::parse("r.toml", RECIPE, &[]).unwrap();
    let (output, stop) = (tempfile::tempdir().unwrap(), AtomicBool::new(stop));
    let storage = LocalFolder::create(output.path()).unwrap();
    let rewrite = Rewrite { recipe: &recipe, inputs, threads: NonZeroUsize::new(threads).unwrap(), stop: &stop };
    let written = rewrite.write(&storage, |failure| panic!("{failure}"));
    (output, written)
}

#[test]
fn a_shard_stays_in_the_split_that_its_name_says() {
    let folder = tempfile::tempdir().unwrap();
    for (name, split) in [
        ("train-00000-of-00001.parquet", Split::Train),
        ("test.parquet", Split::Test),
        ("validation_0.parquet", Split::Validation),
        ("testimony-0.parquet", Split::Train),
        ("0000.parquet", Split::Train),
    ] {
        assert_eq!(shelf::split_of(&shard(&folder, name, 1)[0]), split, "{name}");
    }
}

#[test]
fn shards_are_as_large_as_the_recipe_says_and_the_same_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = shard(&folder, "train-0.parquet", 30);
    let manifests = [1, 4].map(|threads| rewrite(&inputs, threads, false).1.unwrap().manifest);
    assert_eq!(manifests[0], manifests[1]);
    let shards = &manifests[0].shards;
    assert!(shards.len() > 3 && shards.iter().all(|shard| shard.uncompressed_bytes <= 4000), "{shards:?}");
    assert_eq!(shards.iter().map(|shard| shard.rows).sum::<u64>(), 20);
    assert_eq!(shards[1].path, format!("data/train-00001-of-{:05}.parquet", shards.len()));
    let documents = &manifests[0].stages[0].accounts.0["documents"];
    assert_eq!((documents.entered, documents.kept, documents.dropped["document.word_count"]), (30, 20, 10));
}

#[test]
fn whoever_stops_it_finds_no_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let (output, stopped) = rewrite(&shard(&folder, "train-0.parquet", 30), 2, true);
    assert!(matches!(stopped, Err(Error::Interrupted)));
    let left = LocalFolder::open(output.path()).unwrap().list("").unwrap();
    assert!(left.iter().all(|entry| entry.key == "run/lock"), "{left:?}");
}

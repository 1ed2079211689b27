use obelisc_document::{DocId, ImageNode, Node, Page, paragraphs};

use super::*;

fn document(archive: &str, date: &str, contents: &[&str]) -> Document {
    let content = |text: &&str| match text.strip_prefix("image ") {
        Some(src) => Content::Image(Box::new(ImageNode { src: src.to_owned(), ..ImageNode::default() })),
        None => Content::Text(paragraphs(text)),
    };
    let page = Page {
        url: "https://www.a.example/b".into(),
        warc_filename: archive.into(),
        warc_date: date.into(),
        ..Page::default()
    };
    let nodes = contents.iter().map(content).zip(0..).map(|(content, ordinal)| Node { ordinal, content }).collect();
    Document { id: DocId::new(archive, 0, 0), page, nodes }
}

fn keys_of(kind: Kind, contents: &[&str]) -> Vec<u128> {
    let comparison = Comparison::new(kind, Keep::Newest);
    keys(&comparison, &document("a", "2024", contents)).into_iter().map(|key| key.key).collect()
}

#[test]
fn what_is_equal_has_equal_keys_and_nothing_else_has() {
    for (kind, one, equal, other) in [
        (Kind::DocumentText, ["a\n\nb", "image 1"], ["a", "b"], ["a", "c"]),
        (Kind::DocumentText, ["ab", "c"], ["ab\n\nc", "image 2"], ["a", "bc"]),
        (Kind::ImageSet, ["image 1", "image 2"], ["image 2", "image 1"], ["image 1", "image 1"]),
        (Kind::ImageSet, ["image 1", "image 2"], ["image 2", "image 1"], ["image 12", "x"]),
    ] {
        assert_eq!(keys_of(kind, &one), keys_of(kind, &equal), "{kind:?}");
        assert_ne!(keys_of(kind, &one), keys_of(kind, &other), "{kind:?}");
        assert_eq!(keys_of(kind, &one).len(), 1);
    }
    assert_eq!(keys_of(Kind::ImageUrl, &["image 1", "a", "image 1", "image 2"]).len(), 3);
    let paragraphs = keys_of(Kind::Paragraph, &["a\n\nb", "image 1", "a"]);
    assert_eq!((paragraphs.len(), paragraphs[0] == paragraphs[2], paragraphs[0] == paragraphs[1]), (3, true, false));
}

#[test]
fn what_is_not_there_is_no_copy_of_what_is_not_there() {
    assert!(keys_of(Kind::ImageSet, &["a"]).is_empty());
    assert!(keys_of(Kind::DocumentText, &["image 1", END_OF_DOCUMENT]).is_empty());
    assert!(keys_of(Kind::Paragraph, &[END_OF_DOCUMENT]).is_empty());
}

#[test]
fn kinds_do_not_meet_and_pages_of_other_domains_do_not() {
    let all: Vec<u128> = Kind::ALL.into_iter().flat_map(|kind| keys_of(kind, &["a", "image a"])).collect();
    let different: std::collections::BTreeSet<u128> = all.iter().copied().collect();
    assert_eq!(different.len(), all.len());
    let mut elsewhere = document("a", "2024", &["a"]);
    let comparison = Comparison::new(Kind::Paragraph, Keep::None);
    let here = keys(&comparison, &elsewhere);
    elsewhere.page.url = "https://b.a.example/".into();
    assert_eq!(keys(&comparison, &elsewhere)[0].key, here[0].key);
    let hosts = Comparison { domain: Domain::Host, ..comparison };
    assert_ne!(keys(&hosts, &elsewhere)[0].key, here[0].key);
}

#[test]
fn the_newest_copy_stands_last_whatever_form_its_date_has() {
    let place = |keep, archive: &str, date: &str| {
        let document = document(archive, date, &["a"]);
        keys(&Comparison::new(Kind::PageUrl, keep), &document).remove(0).place
    };
    let (old, new) = (place(Keep::Newest, "z", "2024-05-01T10:00:00Z"), place(Keep::Newest, "a", "20240501100001"));
    assert!(old < new && place(Keep::Newest, "z", "") < old);
    assert!(place(Keep::Newest, "z", "2024-05-01T10:00:00.5Z") > old);
    assert_eq!(new.document(), Some(DocId::new("a", 0, 0)));
    assert!(Keep::Newest.stays(&new, &new) && !Keep::Newest.stays(&old, &new) && !Keep::None.stays(&new, &new));
    let last =
        [place(Keep::LastArchive, "b", "1"), place(Keep::LastArchive, "b", "2"), place(Keep::LastArchive, "a", "3")];
    let best = last.iter().max().unwrap();
    assert_eq!(last.each_ref().map(|place| Keep::LastArchive.stays(place, best)), [true, true, false]);
}

#[test]
fn copies_in_one_document_have_places_of_their_own() {
    let twice = keys(&Comparison::new(Kind::Paragraph, Keep::Newest), &document("a", "2024", &["a\n\na"]));
    assert!(twice[0].place < twice[1].place);
    assert_eq!((twice[1].ordinal, twice[1].paragraph), (Some(0), Some(1)));
}

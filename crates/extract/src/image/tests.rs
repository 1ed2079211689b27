use super::*;
use crate::page::Facts;
use crate::parse::start_tags;
use crate::{Limits, Profile};

fn read_tags(markup: &str) -> Option<ImageNode> {
    let profile = Profile::named("default").unwrap();
    let limits = Limits::default();
    let base = ::url::Url::parse("https://example.org/p/").ok();
    let repeats = std::iter::once(("same.gif", 3)).collect();
    let context = Context::new(Facts { base, repeats }, &profile, &limits, markup.len());
    let tags = start_tags(markup, |_| true);
    let (_, image) = tags.iter().find(|(name, _)| *name == local_name!("img")).unwrap();
    let sources = tags.iter().filter(|(name, _)| *name == local_name!("source"));
    let sources = Gathering::new(&context).sources(sources.map(|(_, attributes)| attributes.as_slice()));
    read(image, &sources, &context)
}

fn chosen(markup: &str) -> (String, String) {
    let image = read_tags(markup).unwrap();
    (image.src.replace("https://example.org/p/", ""), image.source)
}

fn is(markup: &str, src: &str, source: &str) {
    assert_eq!(chosen(markup), (src.to_owned(), source.to_owned()), "{markup}");
}

#[test]
fn the_widest_candidate_up_to_the_cap_wins() {
    is("<img src=s.jpg srcset='a.jpg 400w, b.jpg 1600w, c.jpg 4000w'>", "b.jpg", "srcset");
    is("<img src=s.jpg srcset='c.jpg 4000w'>", "s.jpg", "src");
    is("<img src=s.jpg srcset='s.jpg 1x, t.jpg 2x'>", "t.jpg", "srcset");
    is("<img width=900 src=s.jpg srcset='a.jpg 400w'>", "s.jpg", "src");
}

#[test]
fn the_original_beats_its_resized_copies() {
    is("<img src=c-1024x683.jpg srcset='c-300x200.jpg 300w, c-1024x683.jpg 1024w, c.jpg 5000w'>", "c.jpg", "srcset");
    is("<img src=c.jpg srcset='c_640w.jpg 640w'>", "c.jpg", "src");
    is("<img src=a.jpg data-orig-file=/full.jpg>", "https://example.org/full.jpg", "data-orig-file");
}

#[test]
fn what_stands_in_gives_way() {
    is("<img src='data:image/gif;base64,R0lGOD' data-src=a.jpg>", "a.jpg", "data-src");
    is("<img src=blank.gif data-srcset='a.jpg 1x'>", "a.jpg", "data-srcset");
    is("<img src=preview.jpg width=900 data-original=a.jpg>", "a.jpg", "data-original");
    is("<img src=same.gif>", "same.gif", "src");
    is("<img src=same.gif srcset='a.svg'>", "a.svg", "srcset");
    assert!(read_tags("<img src=spacer.gif>").is_none());
    assert!(read_tags("<img alt=x>").is_none());
    assert!(read_tags("<img src=a.jpg data-src='{json}'>").is_some_and(|image| image.source == "src"));
}

#[test]
fn a_counting_pixel_is_no_image_and_a_lazy_one_is() {
    assert!(read_tags("<img src=t.gif width=1 height=1>").is_none());
    assert!(read_tags("<img src=t.gif style='width:1px;height:1px'>").is_none());
    assert!(read_tags("<img src=t.gif width=0 height=1>").is_none());
    assert!(read_tags("<img src=t.gif width=570 height=0>").is_some());
    let lazy = read_tags("<img src=t.gif width=1 height=1 data-src=a.jpg>").unwrap();
    assert_eq!((lazy.source.as_str(), lazy.rendered_width), ("data-src", None));
}

#[test]
fn a_size_of_nothing_counts_where_nothing_else_says_more() {
    assert!(read_tags("<img src=t width=0 height=0>").is_none());
    assert!(read_tags("<img src=t.gif width=0 height=0>").is_none());
    for shown in [
        "<img src=a.svg width=1 height=1>",
        "<img src=a.webp width=0 height=0>",
        "<img src=a width=0 height=0 style='width:100%'>",
        "<img src=a style='width:0;height:0;min-width:100%'>",
        "<img src=a srcset='a 1x' width=0 height=0>",
    ] {
        assert!(read_tags(shown).is_some(), "{shown}");
    }
}

#[test]
fn lazy_loaders_of_any_name_are_read_where_no_known_one_is() {
    is("<img src=blank.gif data-x-original-src=/i/a>", "https://example.org/i/a", "data-x-original-src");
    is("<img src=same.gif data-photo=i/a.jpg>", "i/a.jpg", "data-photo");
    is("<img data-x-srcset='i/a.jpg 400w, i/b.jpg 800w'>", "i/b.jpg", "data-x-srcset");
    is("<img src=b.jpg data-photo=i/a.jpg>", "b.jpg", "src");
    for silent in ["alt=i/a.jpg", "data-caption='i/a.jpg'", "onload=\"i/a.jpg\"", "data-page=i/a", "data-photo=a.jpg"] {
        assert!(read_tags(&format!("<img {silent}>")).is_none(), "{silent}");
    }
}

#[test]
fn what_is_no_address_is_passed_over() {
    for silent in
        ["src='#'", "src='{{ photo }}'", "src='${photo}'", "data-srcset='{\"320\": \"a.jpg\"}'", "src=''", "src='//:0'"]
    {
        assert!(read_tags(&format!("<img {silent}>")).is_none(), "{silent}");
    }
    is("<img src='/media/{1F-2E}.jpg'>", "https://example.org/media/%7B1F-2E%7D.jpg", "src");
}

#[test]
fn accepted_formats_come_first() {
    is(
        "<source type=image/avif srcset='a 1200w'><source type=image/webp srcset='b 800w'><img src=c.jpg>",
        "b",
        "picture",
    );
    is("<img src=a.svg srcset='a.png 50w'>", "a.png", "srcset");
    is("<source srcset=b.jpg media='(max-width: 600px)'><img src=c.jpg>", "c.jpg", "src");
    is("<source srcset=b.jpg media='(min-width: 60em)'><img src=c.jpg>", "b.jpg", "picture");
}

#[test]
fn the_other_candidates_are_kept_once_best_first() {
    let image = read_tags("<img src=b.jpg#x srcset='a.jpg 400w, b.jpg 800w, data:x 9w'>").unwrap();
    assert_eq!(image.src, "https://example.org/p/b.jpg");
    assert_eq!(image.candidates, ["https://example.org/p/a.jpg"]);
}

#[test]
fn long_texts_are_cut_between_characters() {
    let long = "é ".repeat(3000);
    let image = read_tags(&format!("<img src=a.jpg alt='{long}' title='{}'>", "é".repeat(2000))).unwrap();
    assert_eq!(image.alt_text.unwrap(), long[..2999]);
    assert_eq!(image.title.unwrap(), "é".repeat(2000));
}

#[test]
fn attributes_become_metadata() {
    let image = read_tags("<img src='My-photo_2.jpg' alt=' a\n b ' title='' width=50% height='120.7'>").unwrap();
    assert_eq!(image.unformatted_src, "My-photo_2.jpg");
    assert_eq!(image.formatted_filename.as_deref(), Some("My photo"));
    assert_eq!((image.alt_text.as_deref(), image.title), (Some("a b"), None));
    assert_eq!(image.rendered_width, Some(RenderedSize::Percent("50%".into())));
    assert_eq!(image.rendered_height, Some(RenderedSize::Pixels(120)));
    let styled = read_tags("<img src=a.jpg width=auto style='height: 30px; width: 3em'>").unwrap();
    assert_eq!(styled.rendered_width, Some(RenderedSize::Percent("100%".into())));
    assert_eq!(styled.rendered_height, Some(RenderedSize::Pixels(30)));
}

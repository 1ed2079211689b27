//! Pages through all steps.

use super::Rules;
use crate::{Extractor, Input, Limits, Profile};

/// The rules of the built-in profile.
pub(super) fn rules() -> Rules {
    *Profile::named("obelisc").unwrap().reference.unwrap()
}

/// Texts and images of a page, in order.
fn leaves(page: &str) -> Vec<String> {
    let extractor = Extractor::new(Profile::named("obelisc").unwrap(), Limits::default());
    let input = Input { body: page.as_bytes(), url: "http://h.example/a/b", ..Input::default() };
    let json = extractor.extract(&input).unwrap().to_json().unwrap();
    json.texts.into_iter().zip(json.images).map(|(text, image)| text.or(image).unwrap()).collect()
}

#[test]
fn classes_match_in_any_case_and_special_values_exactly() {
    assert_eq!(leaves("<div class='x Footer'>a</div><p>b"), ["b"]);
    assert_eq!(leaves("<div class=footers>a</div>b"), ["a\nb"]);
    assert_eq!(
        leaves("<div id=Menu>a</div><div id=menu>b</div><div class='nav x'>c</div><div title=nav>d</div>"),
        ["a\nc"]
    );
    assert_eq!(leaves("<html class=footer><p>a"), ["a"]);
}

#[test]
fn a_more_link_becomes_the_end_of_a_document() {
    assert_eq!(
        leaves("<p>a</p><p><a class=MORE-link>b</a></p><p>c"),
        ["a\n\nEND_OF_DOCUMENT_TOKEN_TO_BE_REPLACED\n\nc"]
    );
    assert_eq!(leaves("a<i class=more-link>b</i>c"), ["a END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED c"]);
    assert_eq!(leaves("<html class=more-link><p>a"), ["END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED"]);
}

#[test]
fn formatting_is_unwrapped_and_what_is_not_kept_goes_whole() {
    assert_eq!(leaves("<p>a<b>b</b> <time>c</time><span></span></p>"), ["ab c"]);
    assert_eq!(leaves("<p>a<ul><li>b</ul><table><td>c</table><pre>d</pre><nav>e</nav><my-el>f</my-el>"), ["a"]);
    assert_eq!(leaves("<div2>a</div2><h7>b</h7><dív>c</dív>"), ["ab"]);
    assert_eq!(leaves("<title>t</title><body><title>u</title>"), ["u"]);
}

#[test]
fn dates_lose_the_text_right_below_them() {
    assert_eq!(leaves("<div class=update>a<span>b</span><p>c</p><b class=more-link>d</b></div>e"), ["c\n\ne"]);
    assert_eq!(leaves("<p class=date>a</p>"), ["a"]);
}

#[test]
fn images_that_want_the_host_of_a_page_without_one_are_counted() {
    let extractor = Extractor::new(Profile::named("obelisc").unwrap(), Limits::default());
    let body = b"<p>a<img src=x.png><img src=/y.png><img src=x.png><img src=http://h.example/z.png><img src=//h.example/z.png>";
    for (url, unresolved) in [
        ("file:///a.html", &["/y.png", "x.png"][..]),
        ("about:blank", &["/y.png", "x.png"]),
        ("http://h.example/a", &[]),
    ] {
        let document = extractor.extract(&Input { body, url, ..Input::default() }).unwrap();
        assert_eq!(document.page.unresolved_images, unresolved, "{url}");
    }
}

#[test]
fn figures_and_pictures_go_with_their_images() {
    let page = "<p>a<img src=x.png><figure><img src=y.png><figcaption>b</figcaption></figure><picture><img src=z.png></picture>c";
    assert_eq!(leaves(page), ["a", "https://h.example/x.png", "c"]);
    assert_eq!(leaves("<p>a</p><video src=v.mp4>b</video><p>c"), ["a\n\nc"]);
}

#[test]
fn the_first_source_without_comma_and_space_wins() {
    assert_eq!(
        leaves("<img src='data:image/gif;base64,R0' data-src=//cdn.example/x.png>"),
        ["http://cdn.example/x.png"]
    );
    assert_eq!(leaves("<img src=/blank.gif data-src=/x.png>"), ["https://h.example/blank.gif"]);
    assert_eq!(leaves("<img srcset='a.png 1x, b.png 2x'><img srcset=a.png>"), ["https://h.example/a.png"]);
    assert!(leaves("<img src=http://localhost/x.png>").is_empty());
}

#[test]
fn the_strongest_edge_parts_texts() {
    assert_eq!(leaves("a<div>b</div>c<p>d</p>"), ["a\nb\nc\n\nd"]);
    assert_eq!(leaves("<div>a</div> <div> b</div>"), ["a\nb"]);
    assert_eq!(leaves("a<p></p>b"), ["ab"]);
    assert_eq!(leaves("<p>a<p>\u{a0}<p>b"), ["a\n\nb"]);
    assert_eq!(leaves("a <h1>b</h1>"), ["a\n\nb"]);
}

#[test]
fn line_breaks_are_lines_where_they_are_plain() {
    assert_eq!(leaves("a<br> b<br/>c<BR>d<br class=x>e"), ["a\nb\ncde"]);
    assert_eq!(leaves("a<br><br><br><br><br>b"), ["a\n\n\n\n\nb"]);
    assert_eq!(leaves("<p>a</p> <br> <p>b"), ["a\n\n\n\n\nb"]);
}

#[test]
fn a_heading_in_a_heading_ends_it_once_nothing_stands_between() {
    assert_eq!(leaves("<h1>a<span><h2>b</h2>c</span></h1>d"), ["a\n\nb\n\ncd"]);
}

#[test]
fn chains_of_equal_elements_are_one_and_lose_their_blank_text() {
    assert_eq!(leaves("a<h> <h>b</h> </h>c"), ["abc"]);
    assert_eq!(leaves("a<h> <h>b</h>x</h>c"), ["a bxc"]);
}

#[test]
fn an_infinite_size_empties_the_page() {
    assert!(leaves("<p>a<img src=x.png width=1.0e400>").is_empty());
    assert_eq!(leaves("<p>a<img src=x.png width=1e400>").len(), 2);
}

#[test]
fn elements_for_browsers_without_scripts_end_the_head() {
    assert_eq!(
        leaves("<head><noscript><img src=x.png></noscript><title>t</title></head><p>a"),
        ["https://h.example/x.png", "t\n\na"]
    );
}

#[test]
fn of_equal_attributes_the_last_one_counts_and_any_class() {
    assert_eq!(leaves("<img src=a.png src=b.png>"), ["https://h.example/b.png"]);
    assert_eq!(leaves("<div class=footer class=x>a</div><div class=x class=footer>b</div>c"), ["c"]);
    assert_eq!(leaves("<div class=menu class=x>a</div><div class=x class=menu>b</div>c"), ["a\nc"]);
}

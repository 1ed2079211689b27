//! What a page hides, and what of it is read.

use super::{is, read};

const LONG: &str = "twenty bytes of text ";

#[test]
fn panels_that_a_reader_opens_speak() {
    is("a<div role=tabpanel hidden>b</div><div role=region style='display:none'>c</div>", &["a\n\nb\n\nc"]);
    is("a<div class='faq js-accordionBody' aria-hidden=true>b</div>c", &["a\n\nb\n\nc"]);
    is("a<div hidden=until-found>b</div><details><summary>c</summary><p hidden>d</details>", &["a\n\nb\n\nc\n\nd"]);
    is("a<div class='tabs__list' hidden>b</div><div class='tab modal' hidden>c</div>", &["a"]);
    is("a<span class=tab hidden>b</span><div class=tab role=dialog hidden>c</div>", &["a"]);
}

#[test]
fn what_is_hidden_from_screen_readers_alone_speaks() {
    is("<main aria-hidden=true>a<a aria-hidden=true href=/b><img src=b.jpg></a></main>", &["a", "[b.jpg]"]);
    is("<h2>a<a aria-hidden=true href='#a'>#</a></h2><span aria-hidden=true>x</span>", &["a"]);
}

#[test]
fn text_for_screen_readers_alone_is_silent_and_their_images_are_not() {
    is(
        "a<span class='x sr-only'>b <b>c</b></span> d<h1 class=visually-hidden><img src=e.jpg>f</h1>g",
        &["a d", "[e.jpg]", "g"],
    );
    is("<p class='sr-only-x'>a", &["a"]);
}

#[test]
fn streamed_segments_are_read_in_their_places() {
    is(
        "<p>a</p><template id=B:0></template><p>d</p>
         <div hidden id=S:0><p>b</p><template id=P:1f></template></div><div hidden id=S:1f>c</div>",
        &["a\n\nb\n\nc\n\nd"],
    );
    is("a<template id=B:0></template><div hidden id=S:1>b</div>", &["a"]);
    is(
        "<p>x</p><template id=B:0></template><div style=display:none><div hidden id=S:0><p>a<p>b<h2>c</h2>d</div></div>",
        &["x\n\na\n\nb\n\nc\n\nd"],
    );
    // A segment in itself has no end.
    is("a<template id=B:0></template>b<div hidden id=S:0>c<template id=B:0></template></div>", &["acb"]);
    is("a<div hidden id=S:0>c<template id=B:0></template></div>", &["a"]);
}

#[test]
fn a_page_that_waits_for_its_scripts_is_read() {
    let page = LONG.repeat(20);
    let text = page.trim_end();
    is(
        &format!("a<div style='visibility:hidden'><table><tr><td>{page}<td>b</table></div>"),
        &[&format!("a\n\n{text} | b")],
    );
    // A menu beside the text is not the page, and neither is a line.
    is(&format!("<p>{page}</p><div hidden>{page}</div>"), &[text]);
    is(&format!("a<div hidden>{LONG}</div>"), &["a"]);
    let largest = format!("<div hidden>{LONG}</div><div hidden>{page}<nav>{page}{page}</nav></div>");
    is(&largest, &[text]);
}

#[test]
fn the_mark_that_links_to_a_heading_is_silent() {
    is("<h2>a<a href='#a'>¶</a></h2><dl><dt>b<a href='#b'> # </a></dl>c<a href='#c'>§</a>", &["a\n\nb\n\nc§"]);
    is("<h2><a href='#a'>A</a><a href='/'>→</a></h2>", &["A→"]);
}

#[test]
fn buttons_of_headings_and_pictures_speak() {
    is("<h3><button>a</button></h3><dl><dt><button>b</button><dd>c</dl><button>d</button>", &["a\n\nb\n\nc"]);
    is("<main><button aria-expanded=false>a</button></main><button aria-expanded=false>b</button>", &["a"]);
    is("a <button>zoom<br><img src=i.svg><img src=b.jpg> in</button> c", &["a", "[b.jpg]", "c"]);
    is("a <button><div>x</div><img src=b.png width=16></button> c", &["a c"]);
}

#[test]
fn nested_segments_cost_no_more_than_their_page() {
    let many = 20_000;
    let page: String =
        (0..many).map(|i| format!("<div hidden id=S:{i:x}>w<template id=B:{:x}></template></div>", i + 1)).collect();
    let texts = read(&format!("a<template id=B:0></template>{page}"));
    assert_eq!(texts[0].matches('w').count(), many);
}

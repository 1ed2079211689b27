use obelisc_document::{Content, ImageNode, Page};

use crate::{Limits, Profile, parse, walk};

mod hidden;

const URL: &str = "https://example.org/p/";

/// The nodes, texts as they are, images as `[address]`.
fn read(page: &str) -> Vec<String> {
    let texts = |content: Content| match content {
        Content::Text(paragraphs) => {
            paragraphs.into_iter().map(|paragraph| paragraph.text).collect::<Vec<_>>().join("\n\n")
        }
        Content::Image(image) => format!("[{}]", image.src.replace(URL, "")),
    };
    nodes(page).into_iter().map(texts).collect()
}

fn nodes(page: &str) -> Vec<Content> {
    let limits = Limits::default();
    let mut about = Page { url: URL.to_owned(), ..Page::default() };
    let dom = parse(page, &limits).unwrap();
    let (nodes, _) = walk(&dom, &Profile::named("default").unwrap(), &limits, &mut about).unwrap();
    for (node, ordinal) in nodes.iter().zip(0..) {
        assert_eq!(node.ordinal, ordinal);
    }
    nodes.into_iter().map(|node| node.content).collect()
}

fn images(page: &str) -> Vec<ImageNode> {
    let image = |content| if let Content::Image(image) = content { Some(*image) } else { None };
    nodes(page).into_iter().filter_map(image).collect()
}

fn is(page: &str, expected: &[&str]) {
    assert_eq!(read(page), expected, "{page}");
}

#[test]
fn blocks_separate_and_inline_elements_do_not() {
    is("<h1>A</h1>b <div>c<p>d</div>e", &["A\n\nb\n\nc\n\nd\n\ne"]);
    is("a<b>b</b><i> c</i>\n <u> d</u>e<wbr>f H<sub>2</sub>O", &["ab c def H2O"]);
    is("a<br>b<br> <br>c<br><p><br>d", &["a\nb\n\nc\n\nd"]);
    is("a&nbsp;b<p>&nbsp;<p>&nbsp; c&nbsp;", &["a\u{a0}b\n\nc"]);
}

#[test]
fn what_is_hidden_or_furniture_is_silent() {
    is(
        "<body style='visibility:hidden'>a<nav>b</nav><footer>c</footer><p hidden>d<p style='display: none'>e<p aria-hidden=true>f
         <div role='Banner x'>g</div><script>h</script><svg><text>i</text></svg><select><option>j</select><button>k</button>
         <template>l</template><iframe>m</iframe><video>n</video><div role=main>o</div>",
        &["a\n\no"],
    );
    is("<div><template shadowrootmode=open>a</template>b</div>", &["ab"]);
    is("<blockquote>a<footer>b</footer></blockquote><article>c<footer>d</footer></article>", &["a\n\nb\n\nc"]);
}

#[test]
fn list_items_are_marked_lines() {
    is("a<ul><li>b<li><p>c</p></li> <li></li></ul>d", &["a\n\n- b\n- c\n\nd"]);
    is("<ol start=3><li>a<li value=7>b<li>c</ol>", &["3. a\n7. b\n8. c"]);
    is("<ul><li>a<ol><li>b<li>c</ol><li>d</ul>", &["- a\n  1. b\n  2. c\n- d"]);
    is("<ol reversed><li>a<li value=9>b<li>c</ol><ol reversed start=5><li>d</ol>", &["3. a\n9. b\n8. c\n\n5. d"]);
    is("<ul><li><p>a<p>b</li><li>c</ul>", &["- a\n\nb\n\n- c"]);
    is("<ul><li><img src=a.jpg> b<li><img src=c.jpg></ul>d", &["[a.jpg]", "- b", "[c.jpg]", "d"]);
}

#[test]
fn data_tables_are_lines_and_layout_tables_containers() {
    is(
        "a<table><caption>T</caption><tr><th>x<th>y<th>z<tr><td>1<br>2<td> <td><p>3</p><tr><td><td>4<td></table>b",
        &["a\n\nT\n\nx | y | z\n1 2 |  | 3\n| 4 |\n\nb"],
    );
    is("<table><tr><td>a<tr><td>b</table>", &["a\n\nb"]);
    is("<table><tr><td><p>a<p>b<td>c</table>", &["a\n\nb\n\nc"]);
    is("<table><tr><td>a<td><img src=b.jpg></table>", &["a", "[b.jpg]"]);
    is("<table><tr><td>a<td><table><tr><td>b<td>c</table></table>", &["a\n\nb | c"]);
}

#[test]
fn preformatted_text_keeps_its_lines() {
    is("a<pre>\n  b\n\tc  d\n</pre>e", &["a\n\n  b\n\tc  d\n\ne"]);
    is("<pre>a<br>b\n\n\n\nc</pre>", &["a\nb\n\nc"]);
    is("<pre><div>a</div><div>b\n</div><div>c</div></pre>", &["a\nb\nc"]);
}

#[test]
fn formulas_become_their_tex() {
    let math =
        "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>x^2 </annotation></semantics></math>";
    is(&format!("a {math}, <span style='display:none'>{math}</span>"), &["a x^2 , x^2"]);
    is("<math alttext='y'><mi>x</mi></math>", &["y"]);
    is("<math><mi>x</mi><mo>+</mo><annotation-xml>z</annotation-xml></math>", &["x +"]);
    is(
        "<math><mfrac><mn>1</mn><msqrt><mi>x</mi><mo>+</mo><mtext>two</mtext></msqrt></mfrac></math>",
        &["\\frac{1}{\\sqrt{x + \\text{two}}}"],
    );
    is(
        "<math><munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><msup><mi>f</mi><mn>2</mn></msup><mo>&#x2061;</mo></math>",
        &["{∑}_{i}^{n} {f}^{2}"],
    );
    is(
        "<math><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd/></mtr></mtable></math>",
        &["\\begin{matrix} 1 & 2 \\\\ \\end{matrix}"],
    );
}

#[test]
fn the_scripts_of_mathjax_are_read_for_what_they_become() {
    let script = "<script type='math/tex; mode=inline'>x < 2</script>";
    is(&format!("a {script} b"), &["a x < 2 b"]);
    is(
        &format!("a <span class=MathJax_Preview>[x]</span><span class='MathJax' id=m>x<2</span>{script} b"),
        &["a x < 2 b"],
    );
    is("a <span class=MathJax>x</span><script>y</script> b", &["a x b"]);
}

#[test]
fn quotations_get_their_marks() {
    is("He said <q>no <q>way</q> </q>.", &["He said “no ‘way’ ”."]);
}

#[test]
fn invisible_characters_go_and_text_is_composed() {
    is("co&shy;op\u{200b} e<b>\u{301}</b> a\0b<p>&#x200b;<p>c", &["coop é ab\n\nc"]);
}

#[test]
fn a_caption_follows_its_image_and_is_written_to_it() {
    let page = "<figure><figcaption>A  <b>cap</b></figcaption><div><img src=a.jpg></div>t</figure>";
    is(page, &["[a.jpg]", "t\n\nA cap"]);
    assert_eq!(images(page)[0].caption.as_deref(), Some("A cap"));
    let nested = images(
        "<figure><figure><img src=a.jpg><figcaption>x</figcaption></figure><figure><img src=b.jpg></figure>
         <figcaption>y</figcaption></figure><img src=c.jpg>",
    );
    let captions: Vec<_> = nested.iter().map(|image| image.caption.as_deref()).collect();
    assert_eq!(captions, [Some("x"), Some("y"), None]);
}

#[test]
fn a_class_makes_a_caption_of_what_follows_an_image() {
    let captions = |page: &str| images(page).into_iter().map(|image| image.caption).collect::<Vec<_>>();
    let page =
        "<div class=wp-caption><a><img src=a.jpg></a><p class='wp-caption-text'>A <b>c</b></p></div><p class=caption>d";
    is(page, &["[a.jpg]", "A c\n\nd"]);
    assert_eq!(captions(page), [Some("A c".to_owned())]);
    assert_eq!(captions("<img src=a.jpg>t<p class=caption>c"), [None]);
    assert_eq!(
        captions("<figure><img src=a.jpg><p class=caption>c</p><figcaption>d</figcaption></figure>"),
        [Some("d".to_owned())]
    );
    let list = "<ul><li><figure><img src=a.jpg><figcaption>A</figcaption></figure></ul>";
    is(list, &["[a.jpg]", "- A"]);
    assert_eq!(captions(list), [Some("A".to_owned())]);
    assert_eq!(captions(&format!("<img src=a.jpg><div class=caption>{}</div>", "x".repeat(2001))), [None]);
}

#[test]
fn a_figure_without_image_may_name_one() {
    is("<figure itemid='/a.jpg'><figcaption>b</figcaption></figure>", &["[https://example.org/a.jpg]", "b"]);
    is("<figure data-x=y data-photo=a.png></figure>", &["[a.png]"]);
    is("<figure itemid='/a.jpg'><img src=b.jpg></figure>", &["[b.jpg]"]);
}

#[test]
fn a_picture_gives_one_image() {
    is("<picture><source srcset='a.webp 900w'><img src=b.jpg></picture>", &["[a.webp]"]);
    is("<picture><source srcset=a.webp><noscript><img src=b.jpg></noscript></picture>", &["[a.webp]"]);
}

#[test]
fn a_noscript_is_the_image_beside_it_or_stands_for_it() {
    is("<img src=blank.gif><noscript><img src=a.jpg></noscript>", &["[a.jpg]"]);
    is("<img src=x data-src=a.jpg>\n<noscript><img src=b.jpg></noscript>", &["[a.jpg]"]);
    is("<body><noscript><img src=a.jpg></noscript><img src=b.jpg>c", &["[a.jpg]", "c"]);
    is("<img src=a.jpg>t<noscript><p>n<img src=b.jpg></noscript>", &["[a.jpg]", "t", "[b.jpg]"]);
    is("<body><noscript><img src=a.jpg width=1 height=1><img src=b.jpg style='display:none'></noscript>c", &["c"]);
    let merged = images("<img src=a.jpg><noscript><img src=b.jpg alt=x></noscript>");
    assert_eq!(merged[0].candidates, ["https://example.org/p/b.jpg"]);
    assert_eq!(merged[0].alt_text.as_deref(), Some("x"));
}

#[test]
fn copies_in_a_row_are_one_image() {
    is("<img src=a.jpg><div><img src=a.jpg></div>", &["[a.jpg]"]);
    is("<img src=a.jpg>t<img src=a.jpg>", &["[a.jpg]", "t", "[a.jpg]"]);
    is("<img src=a.jpg><img src=./a.jpg>", &["[a.jpg]", "[a.jpg]"]);
    is("<a href=b.jpg><img src=a.jpg></a><img src=b.jpg>", &["[a.jpg]"]);
    is("<img src=a-300x200.jpg><img src=a.jpg>", &["[a-300x200.jpg]"]);
}

#[test]
fn the_link_around_is_noted() {
    let found = images("<a href='/x'><img src=a.jpg></a><img src=b.jpg><a href='javascript:0'><img src=c.jpg></a>");
    let links: Vec<_> = found.iter().map(|image| image.link.as_deref()).collect();
    assert_eq!(links, [Some("https://example.org/x"), None, None]);
}

#[test]
fn each_picture_has_its_own_noscript() {
    let before = "<noscript><img src=a.jpg></noscript><img src='data:x' data-src=a.jpg>
                  <noscript><img src=b.jpg></noscript><img src='data:x' data-src=b.jpg>";
    is(before, &["[a.jpg]", "[b.jpg]"]);
    is("<img src=a.jpg><noscript><img src=b.jpg></noscript><img src='data:x' data-src=b.jpg>", &["[a.jpg]", "[b.jpg]"]);
    is("<img src=blank.gif><noscript><img src=a.jpg></noscript><img src=b.jpg>", &["[a.jpg]", "[b.jpg]"]);
    is(
        "<img src=a.jpg><noscript><img src=b.jpg></noscript><noscript><img src=c.jpg></noscript>",
        &["[a.jpg]", "[c.jpg]"],
    );
}

#[test]
fn elements_that_touch_are_parted_where_a_reader_sees_two_words() {
    is("<span>Rated 2024</span><span>Drama</span> <i>t</i><b>ea</b> <b>T</b><i>HE</i>", &["Rated 2024 Drama tea THE"]);
    is(
        "<a href=a>action</a><a href=b>indie</a> <a href=c>ac</a><a href=c>tion</a><a href=d>, x</a>",
        &["action indie action, x"],
    );
    is(
        "<b>Boards</b><b>3</b> <b>2026</b><i>1h</i> <i>x</i><b>2</b> <b>1</b><b>4</b> <b>CO</b><sub>2</sub>",
        &["Boards 3 2026 1h x2 14 CO2"],
    );
    is("<del>$20</del><ins>$15</ins> <s>a</s><b>, b</b>", &["$20 $15 a, b"]);
    is("<code><span>get</span><span>Name</span></code> Mc<b>Donald</b><b></b><b>S</b>", &["getName McDonald S"]);
    is("<pre><span>get</span><span>Name</span></pre>", &["getName"]);
}

#[test]
fn a_link_to_a_picture_shows_what_its_image_does_not() {
    is("<a href=b.jpg><img src='data:x' alt=y></a>", &["[b.jpg]"]);
    is("<a href=b.jpg><img src='data:x'><noscript><img src=a.jpg></noscript></a>", &["[a.jpg]"]);
    is("<a href=b><img src='data:x'></a><a href='/wiki/File:b.jpg'><img></a>c", &["c"]);
}

#[test]
fn a_poster_is_an_image_where_the_profile_says_so() {
    is("<video poster=a.jpg>b</video>c", &["c"]);
    let mut profile = Profile::named("default").unwrap();
    profile.video_poster = true;
    let limits = Limits::default();
    let dom = parse("<video poster=a.jpg>b</video>c", &limits).unwrap();
    let mut page = Page { url: URL.to_owned(), ..Page::default() };
    let (nodes, _) = walk(&dom, &profile, &limits, &mut page).unwrap();
    assert!(matches!(&nodes[0].content, Content::Image(image) if image.source == "poster"));
}

#[test]
fn images_that_no_base_resolves_are_told_by_address() {
    let unresolved = |url: &str, page: &str| {
        let (limits, mut about) = (Limits::default(), Page { url: url.to_owned(), ..Page::default() });
        walk(&parse(page, &limits).unwrap(), &Profile::named("default").unwrap(), &limits, &mut about).unwrap();
        about.unresolved_images
    };
    let page = "<img src=a.jpg><img src=a.jpg><img src=data:, data-src=/b.jpg><noscript><img src=/b.jpg></noscript>
        <img src=//c.example/c.jpg><img src=d.jpg srcset='https://d.example/d.jpg'><img src=data:image/gif;base64,R0>
        <img src=ftp://e.example/e.jpg><img src='#'><img><p hidden><img src=f.jpg>";
    let none: [&str; 0] = [];
    for url in ["file:///page.html", "about:blank", "", "no url"] {
        let expected = ["//c.example/c.jpg", "/b.jpg", "a.jpg"];
        assert_eq!(unresolved(url, page), expected, "{url}");
        assert_eq!(unresolved(url, &format!("<base href=x/>{page}")), expected, "{url}");
        assert_eq!(unresolved(url, &format!("<base href=https://x.example/>{page}")), none, "{url}");
    }
    assert_eq!(unresolved(URL, &format!("{page}<img src=//>")), none);
    // What something else shows is not missed; what nothing else offers is, wherever it stands.
    let found = "<a href=https://x.example/full.jpg><img src=thumb.jpg></a>
        <p>a<p><img data-src=/b.jpg><noscript><img src=https://x.example/b.jpg></noscript>
        <p>b<p><noscript><img style=display:none src=/count.jpg></noscript>";
    assert_eq!(unresolved("", found), none);
    assert_eq!(unresolved("", "<picture><source srcset=only.jpg></picture>"), ["only.jpg"]);
    assert_eq!(unresolved("", "<picture><source srcset=one.jpg><img></picture><img>"), ["one.jpg"]);
}

#[test]
fn the_densest_file_is_taken_whatever_the_width_at_which_it_is_shown() {
    is("<img src=a.jpg srcset='b.jpg 2x, c.jpg 3x' width=300>", &["[c.jpg]"]);
    is("<picture><source srcset='b.webp 1x, c.webp 2x'><img src=a.jpg width=300></picture>", &["[c.webp]"]);
    is("<img src=a.jpg srcset='b.jpg 200w' width=300>", &["[a.jpg]"]);
}

#[test]
fn a_title_is_silent_wherever_it_stands() {
    is("<html><head><div>a</div><title>b</title></head><body><p>c</p><title>d</title>e", &["a\n\nc\n\ne"]);
}

#[test]
fn references_resolve_against_the_base() {
    is("<base href='//cdn.example/x/'><img src=a.jpg>", &["[https://cdn.example/x/a.jpg]"]);
}

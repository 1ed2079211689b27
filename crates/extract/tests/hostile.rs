//! Pages that mean harm, or were never meant to be read.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

use obelisc_document::Reason;
use obelisc_extract::{Extractor, Input, Limits, Profile};

fn extract(page: &str, limits: Limits) -> Result<usize, Reason> {
    let extractor = Extractor::new(Profile::named("default").unwrap(), limits);
    let input = Input {
        body: page.as_bytes(),
        url: "https://example.org/",
        http_content_type: Some("text/html; charset=utf-8"),
        ..Input::default()
    };
    extractor.extract(&input).map(|document| document.nodes.len()).map_err(|failure| failure.reason)
}

#[test]
fn a_page_beyond_every_cap_has_a_reason() {
    let large = Limits { max_html_bytes: 1 << 30, ..Limits::default() };
    let divs = "<div>".repeat(20_000_000);
    assert_eq!(extract(&divs, Limits::default()), Err(Reason::BodyTooLarge));
    assert_eq!(extract(&divs, large.clone()), Err(Reason::TooDeep));
    assert_eq!(extract(&"<tr><td>a".repeat(1_000_000), large.clone()), Ok(1));
    let rows = format!("<table>{}", "<tr><td>a<td>b".repeat(1_000_000));
    assert_eq!(extract(&rows, large.clone()), Err(Reason::TooManyNodes));
    assert_eq!(extract(&format!("<p title='{}'>a", "x ".repeat(50_000_000)), large), Ok(1));
    assert_eq!(extract("", Limits::default()), Err(Reason::EmptyBody));
    assert_eq!(extract(&"\u{fffd}".repeat(100), Limits::default()), Err(Reason::UndecodableText));
    assert_eq!(
        extract(&format!("<p class='{}'>\u{fffd}", "a".repeat(100)), Limits::default()),
        Err(Reason::UndecodableText)
    );
}

#[test]
fn large_pages_within_the_caps_are_documents() {
    let row = "<tr><td>a<td>b";
    assert_eq!(extract(&format!("<table>{}", row.repeat(150_000)), Limits::default()), Ok(1));
    let figures: String =
        (0..15_000).map(|i| format!("<figure><figcaption>c</figcaption><img src=a{i}.jpg></figure>")).collect();
    assert_eq!(extract(&figures, Limits::default()), Ok(30_000));
    let sources = "<source srcset='a.jpg 1w'>".repeat(100_000);
    assert_eq!(extract(&format!("<picture>{sources}<img src=b.jpg></picture>"), Limits::default()), Ok(1));
    assert_eq!(extract(&"<ul><li>a".repeat(500), Limits::default()), Ok(1));
    assert_eq!(extract(&"<figure><img src=a.jpg><figcaption>b".repeat(200), Limits::default()), Ok(400));
    assert_eq!(extract(&format!("<p>a{}", "\u{301}\u{323}".repeat(1_000_000)), Limits::default()), Ok(1));
}

/// What a page says once can be said of many images: the document must not grow as their product.
#[test]
fn what_is_said_of_many_images_has_a_cap() {
    let images = |count: usize| (0..count).map(|i| format!("<img src=/{i}.jpg>")).collect::<String>();
    assert_eq!(extract(&images(20_000), Limits::default()), Ok(20_000));
    assert_eq!(extract(&images(20_001), Limits::default()), Err(Reason::DocumentTooLong));
    let base =
        format!("<base href='https://a.example/{}/'>{}", "b".repeat(8_000), "<img src=c.jpg><p>d".repeat(15_000));
    assert_eq!(extract(&base, Limits::default()), Err(Reason::DocumentTooLong));
    let link = format!("<a href='/{}'>{}", "b".repeat(8_000), images(15_000));
    assert_eq!(extract(&link, Limits::default()), Err(Reason::DocumentTooLong));
    let caption = format!("<figure>{}<figcaption>{}</figcaption></figure>", images(5_000), "c ".repeat(500_000));
    assert_eq!(extract(&caption, Limits::default()), Ok(5_001));
    let both = format!("<figure>{}<figcaption>{}", images(19_000), "é ".repeat(500_000));
    assert_eq!(extract(&both, Limits::default()), Err(Reason::DocumentTooLong));
    let sources = "<source srcset='a.jpg 1w'>".repeat(2);
    assert_eq!(extract(&format!("<picture>{sources}{}</picture>", images(10_000)), Limits::default()), Ok(1));
}

/// A document is no longer than a multiple of its page: a short page that says little of many images fails early.
#[test]
fn a_short_page_may_say_less_of_its_images_than_a_long_one() {
    let base = format!("<base href='https://a.example/{}/'>", "b".repeat(4_000));
    let images: String = (0..200).map(|i| format!("<img src={i}.jpg>")).collect();
    assert_eq!(extract(&format!("{base}{images}"), Limits::default()), Err(Reason::DocumentTooLong));
    let long = "a ".repeat(100_000);
    assert_eq!(extract(&format!("{base}{images}<p>{long}"), Limits::default()), Ok(201));
}

/// No image is read, compared or merged more often than its own tag allows.
#[test]
fn what_many_images_share_is_read_once() {
    let again = "<img src=a.jpg>".repeat(400_000);
    // Sources that offer nothing, and take long to say so.
    let silent = format!("<picture><source srcset='{}'>{again}</picture>", "a 1q,".repeat(200_000));
    assert_eq!(extract(&silent, Limits::default()), Ok(1));
    let sources: String = (0..100_000).map(|i| format!("<source srcset='{i}.jpg 1w'>")).collect();
    let picture = format!("<picture>{sources}{again}</picture>");
    assert_eq!(extract(&picture, Limits::default()), Err(Reason::DocumentTooLong));
    let link = format!("<a href='{}x'>{again}</a>", " ".repeat(1_000_000));
    assert_eq!(extract(&link, Limits::default()), Ok(1));
    // One image with as many candidates as it may have, as long as they may be, and then itself again and again.
    let url = "u".repeat(7_900);
    let srcset: String = (0..63).map(|i| format!("/{url}{i} {i}w,")).collect();
    let full = format!("<img src=a.jpg data-full-url=a.jpg srcset='{srcset}'>{again}");
    assert_eq!(extract(&full, Limits::default()), Ok(1));
    let noscript = format!("<base href='/{url}/'><p>a<noscript>{again}</noscript>");
    assert_eq!(extract(&noscript, Limits::default()), Err(Reason::DocumentTooLong));
}

/// What is looked for around an element is not looked for again by each element around or beside it.
#[test]
fn elements_beside_and_around_each_other_are_looked_at_once() {
    let deep = format!("{}{}", "<button><object>".repeat(100), "<p>a<img src=i.svg>".repeat(100_000));
    assert_eq!(extract(&deep, Limits::default()), Ok(0));
    let pairs = "<noscript><img src=a.jpg></noscript><img data-src=b.jpg>".repeat(19_000);
    assert_eq!(extract(&pairs, Limits::default()), Ok(1));
    let link = format!("<a href='/{}'>{}", "b".repeat(8_000), "<img>".repeat(400_000));
    assert_eq!(extract(&link, Limits::default()), Ok(0));
    let picture = format!("<a href='/{}.jpg'>{}", "b".repeat(8_000), "<img>".repeat(400_000));
    assert_eq!(extract(&picture, Limits::default()), Err(Reason::DocumentTooLong));
    let hidden = format!("<p>a{}", format!("<div hidden class='{}'>b", "c ".repeat(2_000)).repeat(900));
    assert_eq!(extract(&hidden, Limits::default()), Ok(1));
    let math = format!("<p>a<math>{}", "<mrow><mi>x".repeat(100_000));
    assert!(matches!(extract(&math, Limits::default()), Err(Reason::TooDeep)));
    let flat = format!("<p>a<math>{}", "<mfrac><mi>x</mi></mfrac>".repeat(200_000));
    assert_eq!(extract(&flat, Limits::default()), Ok(1));
    let lists = "<ol reversed><li>a</ol>".repeat(100_000);
    assert_eq!(extract(&lists, Limits::default()), Ok(1));
    let seams = format!("<p>{}", "<b>a</b>".repeat(300_000));
    assert_eq!(extract(&seams, Limits::default()), Ok(1));
    let scripts = format!("<p>a<noscript>{}</noscript>", "<b>c ".repeat(300));
    assert_eq!(extract(&scripts, Limits::default()), Ok(1));
}

/// The parser repeats an element that formats in each block, with all that its attributes hold.
#[test]
fn attributes_that_are_repeated_in_every_block_have_a_cap() {
    let blocks = "<p>a".repeat(200_000);
    let style = format!("<p><b style='{}'>{blocks}", ";".repeat(1_000_000));
    assert_eq!(extract(&style, Limits::default()), Err(Reason::ParserFailed));
    let names: String = (0..256).map(|i| format!(" a{i}")).collect();
    assert_eq!(extract(&format!("<p><b{names}>{blocks}"), Limits::default()), Err(Reason::ParserFailed));
    assert_eq!(extract(&format!("<p><b class=c>{blocks}"), Limits::default()), Ok(1));
}

/// Marks that open something and are never closed, a million bytes of each: whoever looked for their ends again and again would
/// not come to an end here.
#[test]
fn storms_of_unfinished_markup_cost_what_their_bytes_cost() {
    let storms = [
        "<",
        "</",
        "<!",
        "<?",
        "<!-",
        "<!--",
        "<!-- ",
        "<!--->",
        "<!-- --!",
        "<!doctype",
        "<!doctype a public '",
        "<![CDATA[",
        "<svg><![CDATA[",
        "<svg><![CDATA[]",
        "]]>",
        "<a",
        "<a ",
        "<a/",
        "<a b",
        "<a b=",
        "<a b='",
        "<a b=\"'",
        "<p =",
        "<p a=a a=a",
        "<script>",
        "<script><!--",
        "<script><!--<script>",
        "<script><!--<script></script",
        "<script></script",
        "<style></styl",
        "<title>&",
        "<title></title",
        "<textarea>",
        "<plaintext>",
        "<noscript><img src=",
        "<noscript>",
        "&",
        "&#",
        "&#x",
        "&a",
        "&notit",
        "&CounterClockwiseContourIntegra",
        "\0",
        "<a\0",
        "<p \0=\0>",
        "\r",
        "\r\n",
        "-",
        "--",
        "'",
        "=",
    ];
    for storm in storms {
        for (before, after) in [("", ""), ("<p>a", ""), ("<script>", "</script>"), ("<a b='", "'>"), ("<!--", "-->")] {
            let page = format!("{before}{}{after}", storm.repeat(1_000_000 / storm.len()));
            let result = extract(&page, Limits::default());
            let expected = matches!(result, Ok(0..=2) | Err(Reason::TooDeep | Reason::TooManyNodes));
            assert!(expected, "{before}{storm}… gives {result:?}");
        }
    }
}

#[test]
fn unfinished_pages_are_documents() {
    for page in [
        "<",
        "</",
        "<!",
        "<!--",
        "<p",
        "<p a='",
        "&#x",
        "<textarea>",
        "<table><",
        "\0\0\0",
        "<script>",
        "<noscript><img src=",
    ] {
        assert_eq!(extract(&format!("<p>a {page}"), Limits::default()), Ok(1), "{page:?}");
    }
    assert_eq!(extract("<plaintext><p>\0", Limits::default()), Ok(1));
    assert_eq!(extract("<img><svg><math><table><select></br></p>", Limits::default()), Ok(0));
}

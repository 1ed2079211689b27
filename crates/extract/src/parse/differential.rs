//! Our tokens against those of html5ever's own tokenizer: the same tree, whatever the page; and the same document where only what is
//! wanted was parsed.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;

use super::judge::parse_judged_with;
use super::{Scripting, parse, parse_with};
use crate::{Decoded, Extractor, Input, Limits, Profile};

/// What pages are put together from: each means something to some state of the tokenizer or the tree builder.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "<", ">", "</", "<!", "<?", "/", "=", "\"", "'", "`", "&", "#", ";", "-", "--", "]", "]]>", "!", "\0", "\r", "\n",
    "\r\n", "\t", "\x0c", " ", "a", "B", "x", "1", "é", "\u{feff}", "日本", "\u{a0}", "script", "<!--", "-->", "--!>",
    "<!-->", "<!--->", "<!doctype html>", "<!DOCTYPE", " public", " SYSTEM", "<![CDATA[", "&amp;", "&amp", "&ampx",
    "&amp=", "&nbsp;", "&not", "&notin;", "&notit;", "&NotEqualTilde;", "&CounterClockwiseContourIntegral;", "&#",
    "&#x", "&#13;", "&#10", "&#x80;", "&#0;", "&#xD800;", "&#x110000;", "&#99999999999;", "&zzz;",
    "&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;", "<p>", "</p>", "<p", "<P CLASS=A>",
    "<p class=\"a&amp;b\" id='c' class=d>", "<p a=b/>", "<p a= >", "<p/a/=b>", "<p =a>", "<p \0=\0>", "<p\0>",
    "<div>", "</div>", "<div hidden>", "<span>", "</span>", "<b>", "</b>", "<b class=a data-x=1>",
    "<b data-x=1 class=a>", "<i>", "</i>", "<a href='?a=1&b=2&copy=3&lt;'>", "</a>", "<font color=red>", "</font>",
    "<nobr>", "<u>", "<h1>", "</h1>", "<h2>", "<li>", "</li>", "<ul>", "</ul>", "<dd>", "<dt>", "<pre>", "</pre>",
    "<pre>\n", "<listing>", "<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<tbody>", "<caption>",
    "</caption>", "<colgroup>", "<col>", "<select>", "</select>", "<option>", "<optgroup>", "<input>",
    "<input type=hidden>", "<button>", "</button>", "<form>", "</form>", "<textarea>", "</textarea>", "<textarea>\n",
    "<title>", "</title>", "</title ", "<style>", "</style>", "<script>", "</script>", "</script ", "</scripT/>",
    "<script", "<script/", "<xmp>", "</xmp>", "<noscript>", "</noscript>", "<iframe>", "</iframe>", "<noembed>",
    "<plaintext>", "<svg>", "</svg>", "<svg/>", "<math>", "</math>", "<mi>", "<annotation-xml>",
    "<annotation-xml encoding=text/html>", "<foreignObject>", "<desc>", "<template>", "</template>",
    "<template shadowrootmode=open>", "<html lang=a>", "<head>", "</head>", "<body class=a>", "</body>", "</html>",
    "<frameset>", "</frameset>", "<frame>", "<br>", "</br>", "<hr>", "<img src=a.jpg alt='a\r\nb'>", "<image>",
    "<figure data-y=a.jpg>", "</figure>", "<figcaption>", "<object>", "</object>", "<marquee>", "<ruby>", "<rt>",
];

fn documents(page: &str, extractor: &Extractor) -> [String; 2] {
    let input = Input { url: "https://example.org/", warc_filename: "a", ..Input::default() };
    let decoded = Decoded { text: page.into(), charset: "UTF-8", source: "detected" };
    [parse(page, extractor.limits()), extractor.parse(page)].map(|dom| match dom {
        Ok(dom) => extractor.document(&input, &decoded, &dom).map_or_else(|no| no.to_string(), |it| format!("{it:?}")),
        Err(failure) => failure.to_string(),
    })
}

/// Why the page is read in another way than it should be.
fn wrong(page: &str, extractor: &Extractor) -> Option<String> {
    for scripting in [Scripting::Enabled, Scripting::Disabled] {
        let own = parse_with(page, scripting, extractor.limits());
        let wrong = match (own, parse_judged_with(page, scripting, extractor.limits())) {
            (Ok(own), Ok(judged)) => own.difference(&judged),
            (own, judged) => (own.is_ok() != judged.is_ok()).then(|| format!("{own:?} and {judged:?}")),
        };
        if wrong.is_some() {
            return wrong;
        }
    }
    let [whole, wanted] = documents(page, extractor);
    (whole != wanted).then(|| format!("{whole} and, of what is wanted, {wanted}"))
}

fn extractor() -> Extractor {
    Extractor::new(Profile::named("default").unwrap(), Limits::default())
}

proptest! {
    #![proptest_config(Config { cases: 4_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_markup_is_read_as_by_html5ever(pieces in prop::collection::vec(select(PIECES), 0..40)) {
        let page = pieces.concat();
        prop_assert_eq!(wrong(&page, &extractor()), None, "{:?}", page);
    }
}

#[test]
fn single_pieces_and_pairs_are_read_as_by_html5ever() {
    let extractor = extractor();
    for first in PIECES {
        for second in PIECES.iter().chain([&""]) {
            let page = [*first, second].concat();
            assert_eq!(wrong(&page, &extractor), None, "{page:?}");
        }
    }
}

#[test]
fn pages_of_the_project_are_read_as_by_html5ever() {
    let pages = [include_str!("../../tests/pages/article.html")];
    for page in pages {
        assert_eq!(wrong(page, &extractor()), None);
        assert_eq!(wrong(&page.replace('\n', "\r\n"), &extractor()), None);
    }
}

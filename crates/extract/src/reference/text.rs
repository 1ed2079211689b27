//! What the reference does to a page's text before it is parsed.

use memchr::memmem;

use super::rules::Rules;

/// Runs of line ends and of spaces become one; then comments go; then some line break tags become text.
///
/// One after the other: what a comment leaves is not thinned out again, and may complete a line break tag.
pub(super) fn prepare(page: &str, rules: &Rules) -> String {
    let page = without_comments(&without_runs(page));
    with_markers(&page, &rules.line_break_tags, &rules.line_break_marker)
}

/// Line ends and spaces, one where there were several in a row.
fn without_runs(page: &str) -> String {
    let bytes = page.as_bytes();
    let begins_run = |pair: &[u8]| pair[0] == pair[1] && matches!(pair[0], b'\n' | b' ');
    let mut thin = String::with_capacity(page.len());
    let mut copied = 0;
    while let Some(found) = bytes[copied..].windows(2).position(begins_run) {
        let kept = copied + found + 1;
        thin.push_str(&page[copied..kept]);
        copied = kept + bytes[kept..].iter().take_while(|&&byte| byte == bytes[kept]).count();
    }
    thin + &page[copied..]
}

/// Without what stands between `<!--` and the next `-->` behind it, which may lie far away: the two share no hyphen.
fn without_comments(page: &str) -> String {
    let mut kept = String::with_capacity(page.len());
    let mut rest = page;
    while let Some(start) = memmem::find(rest.as_bytes(), b"<!--") {
        // Where this comment has no end, no later one has.
        let Some(end) = memmem::find(&rest.as_bytes()[start + 4..], b"-->") else { break };
        kept.push_str(&rest[..start]);
        rest = &rest[start + 4 + end + 3..];
    }
    kept.push_str(rest);
    kept
}

/// The page with the marker for each of the tags.
fn with_markers(page: &str, tags: &[String], marker: &str) -> String {
    let mut marked = String::with_capacity(page.len());
    let mut copied = 0;
    for start in memchr::memchr_iter(b'<', page.as_bytes()) {
        if let Some(tag) = tags.iter().find(|tag| page[start..].starts_with(tag.as_str())) {
            marked.push_str(&page[copied..start]);
            marked.push_str(marker);
            copied = start + tag.len();
        }
    }
    marked + &page[copied..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::tests::rules;

    fn prepared(page: &str) -> String {
        prepare(page, &rules())
    }

    #[test]
    fn runs_of_one_character_are_thinned_out() {
        assert_eq!(prepared("  a \n \n\n\nb\t\tc\r\n\r\n   "), " a \n \nb\t\tc\r\n\r\n ");
    }

    #[test]
    fn comments_go_to_their_end_and_unclosed_ones_stay() {
        assert_eq!(prepared("a<!-- b\n<p> -->c<!---->d<!--e"), "acd<!--e");
        assert_eq!(prepared("a<!-->b-->c"), "ac");
        assert_eq!(prepared("a <!-- --> b"), "a  b");
    }

    #[test]
    fn line_breaks_are_marked_where_they_are_spelled_plainly() {
        assert_eq!(prepared("a<br>b<br/>c<br />d</br>e"), "a#BR_TAG#b#BR_TAG#c#BR_TAG#d#BR_TAG#e");
        assert_eq!(prepared("a<b<!-- -->r>b"), "a#BR_TAG#b");
        assert_eq!(prepared("a<BR>b<br  />c<br class=x>d<<br>"), "a<BR>b#BR_TAG#c<br class=x>d<#BR_TAG#");
    }
}

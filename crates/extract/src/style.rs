//! The few declarations of an inline style that decide what is seen.

/// Names and values of the declarations, last one first, as they are written but for the white space around.
fn declarations(style: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = Some(style);
    std::iter::from_fn(move || {
        let all = rest?;
        let start = all.bytes().rposition(|byte| byte == b';').map_or(0, |end| end + 1);
        rest = start.checked_sub(1).map(|end| &all[..end]);
        Some(&all[start..])
    })
    .filter_map(|declaration| {
        let colon = declaration.bytes().position(|byte| byte == b':')?;
        Some((declaration[..colon].trim(), declaration[colon + 1..].trim()))
    })
}

/// Value of the last declaration of `property`, in lower case, without `!important`.
pub(crate) fn declared(style: &str, property: &str) -> Option<String> {
    declarations(style).find_map(|(name, value)| {
        name.eq_ignore_ascii_case(property).then(|| {
            let value = value.to_ascii_lowercase();
            value.strip_suffix("!important").map_or_else(|| value.clone(), |value| value.trim_end().to_owned())
        })
    })
}

/// Whether an inline style hides its element.
pub(crate) fn hides(style: &str) -> bool {
    let hidden = |property, values: &[&str]| declared(style, property).is_some_and(|value| values.contains(&&*value));
    // Most styles are about other things.
    let names = declarations(style).filter(|(name, _)| matches!(name.len(), 7 | 10 | 18));
    names.count() > 0
        && (hidden("display", &["none"])
            || hidden("visibility", &["hidden", "collapse"])
            || hidden("content-visibility", &["hidden"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_styles_are_told_from_others() {
        for style in
            ["display:none", "color: red; DISPLAY : None !important;", "visibility:hidden", "content-visibility:hidden"]
        {
            assert!(hides(style), "{style}");
        }
        for style in ["", "display:block", "display:none;display:block", "-x-display:none", "overflow:hidden"] {
            assert!(!hides(style), "{style}");
        }
    }
}

//! The few declarations of an inline style that decide what is seen.

/// Value of the last declaration of `property` as it is written, without `!important`.
fn declaration<'a>(style: &'a str, property: &str) -> Option<&'a str> {
    const IMPORTANT: &str = "!important";
    let mut declarations = style.rsplit(';').filter_map(|declaration| declaration.split_once(':'));
    let (_, value) = declarations.find(|(name, _)| name.trim().eq_ignore_ascii_case(property))?;
    let value = value.trim();
    let start = value.len().saturating_sub(IMPORTANT.len());
    let is_important = value.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(IMPORTANT));
    Some(if is_important { value[..start].trim_end() } else { value })
}

/// Value of the last declaration of `property`, in lower case, without `!important`.
pub(crate) fn declared(style: &str, property: &str) -> Option<String> {
    declaration(style, property).map(str::to_ascii_lowercase)
}

/// Whether an inline style hides its element.
pub(crate) fn hides(style: &str) -> bool {
    let says = |property, hidden: &str| declaration(style, property).is_some_and(|it| it.eq_ignore_ascii_case(hidden));
    !style.is_empty()
        && (says("display", "none")
            || says("visibility", "hidden")
            || says("visibility", "collapse")
            || says("content-visibility", "hidden"))
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

//! The few declarations of an inline style that decide what is seen.

/// Value of the last declaration of `property`, in lower case, without `!important`.
pub(crate) fn declared(style: &str, property: &str) -> Option<String> {
    style.split(';').rev().find_map(|declaration| {
        let (name, value) = declaration.split_once(':')?;
        name.trim().eq_ignore_ascii_case(property).then(|| {
            let value = value.trim().to_ascii_lowercase();
            value.strip_suffix("!important").map_or_else(|| value.clone(), |value| value.trim_end().to_owned())
        })
    })
}

/// Whether an inline style hides its element.
pub(crate) fn hides(style: &str) -> bool {
    declared(style, "display").is_some_and(|value| value == "none")
        || declared(style, "visibility").is_some_and(|value| value == "hidden" || value == "collapse")
        || declared(style, "content-visibility").is_some_and(|value| value == "hidden")
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

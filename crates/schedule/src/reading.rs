//! Keys of more than one table, read through [`Options`].

use obelisc_filter::options::Options;

use crate::amount::{Memory, Time};
use crate::quote;

/// A text that a reader takes, or the default where it does not; the mistake is noted.
fn parsed<T>(
    options: &mut Options<'_>,
    (key, default, meaning): (&'static str, &str, &'static str),
    allowed: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let text = options.text(key, default, meaning);
    if text.is_empty() && default.is_empty() {
        return None;
    }
    parse(&text).or_else(|| {
        options.problem(key, format!("{text:?} is given, {allowed} is allowed"));
        parse(default)
    })
}

/// A time; `None` where the default is `""` and nothing is given.
pub(crate) fn time(options: &mut Options<'_>, key: &'static str, default: &str, meaning: &'static str) -> Option<Time> {
    parsed(options, (key, default, meaning), Time::ALLOWED, Time::parse)
}

/// Memory; `None` where the default is `""` and nothing is given.
pub(crate) fn memory(
    options: &mut Options<'_>,
    key: &'static str,
    default: &str,
    meaning: &'static str,
) -> Option<Memory> {
    parsed(options, (key, default, meaning), Memory::ALLOWED, Memory::parse)
}

/// A name that others gave, in one word; `None` for `""`.
pub(crate) fn word(options: &mut Options<'_>, key: &'static str, meaning: &'static str) -> Option<String> {
    parsed(options, (key, "", meaning), "one word of letters, digits and _ . , + : @ / -", |text| {
        quote::is_word(text).then(|| text.to_owned())
    })
}

/// A text without line ends; `None` for `""`.
pub(crate) fn line(options: &mut Options<'_>, key: &'static str, meaning: &'static str) -> Option<String> {
    parsed(options, (key, "", meaning), "one line", |text| (!text.contains(char::is_control)).then(|| text.to_owned()))
}

/// A count of at least one; `None` where the default is.
pub(crate) fn count(
    options: &mut Options<'_>,
    key: &'static str,
    default: Option<u32>,
    max: u32,
    meaning: &'static str,
) -> Option<u32> {
    let range = 1..=u64::from(max);
    match default {
        // `"off"` is allowed only where there is something else that holds then.
        None => options.optional_integer(key, None, range, meaning).and_then(|count| u32::try_from(count).ok()),
        Some(default) => u32::try_from(options.integer(key, default.into(), range, meaning)).ok(),
    }
}

//! Which language a text is in.
//!
//! Languages are named by their ISO 639 codes, the two-letter one where there is one: the primary language subtag of
//! BCP 47 ("en", "zh", "ceb").

use std::borrow::Cow;

use whatlang::Lang;

/// Codes of languages that a crawler's annotations and [`guess_language`] may name: ISO 639-1 whole, and what else CLD2
/// tells apart.
pub const LANGUAGES: &[&str] = &[
    "aa", "ab", "ae", "af", "ak", "am", "an", "ar", "as", "av", "ay", "az", "ba", "be", "bg", "bh", "bi", "bm", "bn",
    "bo", "br", "bs", "ca", "ce", "ceb", "ch", "co", "cr", "crs", "cs", "cu", "cv", "cy", "da", "de", "dv", "dz", "ee",
    "el", "en", "eo", "es", "et", "eu", "fa", "ff", "fi", "fj", "fo", "fr", "fy", "ga", "gaa", "gd", "gl", "gn", "gu",
    "gv", "ha", "haw", "he", "hi", "hmn", "ho", "hr", "ht", "hu", "hy", "hz", "ia", "id", "ie", "ig", "ii", "ik", "io",
    "is", "it", "iu", "ja", "jv", "ka", "kg", "kha", "ki", "kj", "kk", "kl", "km", "kn", "ko", "kr", "kri", "ks", "ku",
    "kv", "kw", "ky", "la", "lb", "lg", "li", "lif", "ln", "lo", "loz", "lt", "lu", "lua", "luo", "lv", "mfe", "mg",
    "mh", "mi", "mk", "ml", "mn", "mr", "ms", "mt", "my", "na", "nd", "ne", "new", "ng", "nl", "nn", "no", "nr", "nso",
    "nv", "ny", "oc", "oj", "om", "or", "os", "pa", "pam", "pi", "pl", "ps", "pt", "qu", "raj", "rm", "rn", "ro", "ru",
    "rw", "sa", "sc", "sco", "sd", "se", "sg", "si", "sk", "sl", "sm", "sn", "so", "sq", "sr", "ss", "st", "su", "sv",
    "sw", "syr", "ta", "te", "tg", "th", "ti", "tk", "tl", "tn", "to", "tr", "ts", "tt", "tum", "tw", "ty", "ug", "uk",
    "ur", "uz", "ve", "vi", "vo", "wa", "war", "wo", "xh", "yi", "yo", "za", "zh", "zu",
];

/// What [`guess_language`] knows, by ISO 639-3 and as it is named here.
const KNOWN: [(&str, &str); 70] = [
    ("afr", "af"),
    ("aka", "ak"),
    ("amh", "am"),
    ("ara", "ar"),
    ("aze", "az"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("cmn", "zh"),
    ("cym", "cy"),
    ("dan", "da"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("epo", "eo"),
    ("est", "et"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("guj", "gu"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ind", "id"),
    ("ita", "it"),
    ("jav", "jv"),
    ("jpn", "ja"),
    ("kan", "kn"),
    ("kat", "ka"),
    ("khm", "km"),
    ("kor", "ko"),
    ("lat", "la"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mal", "ml"),
    ("mar", "mr"),
    ("mkd", "mk"),
    ("mya", "my"),
    ("nep", "ne"),
    ("nld", "nl"),
    ("nob", "no"),
    ("ori", "or"),
    ("pan", "pa"),
    ("pes", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("sin", "si"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("sna", "sn"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tel", "te"),
    ("tgl", "tl"),
    ("tha", "th"),
    ("tuk", "tk"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("uzb", "uz"),
    ("vie", "vi"),
    ("yid", "yi"),
    ("zul", "zu"),
];

/// Of those, what is also written in a script in which it would be taken for another language.
const IN_ONE_SCRIPT_ONLY: [&str; 5] = ["az", "pa", "sr", "tk", "uz"];

/// Codes that were replaced, or that name a part of what is named here.
const REPLACED: [(&str, &str); 8] =
    [("cmn", "zh"), ("fil", "tl"), ("in", "id"), ("iw", "he"), ("ji", "yi"), ("jw", "jv"), ("mo", "ro"), ("nb", "no")];

/// The language code of a tag: its primary subtag in lower case, in the form that [`LANGUAGES`] has.
///
/// ```
/// use obelisc_text::language_code;
/// assert_eq!(language_code("zh-Hant"), "zh");
/// assert_eq!(language_code("iw"), "he");
/// ```
pub fn language_code(tag: &str) -> Cow<'static, str> {
    let code = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    match REPLACED.iter().find(|(old, _)| *old == code) {
        Some((_, new)) => Cow::Borrowed(new),
        None => Cow::Owned(code),
    }
}

/// The language that a text is taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// Code of the language, as who guesses names it.
    pub language: Cow<'static, str>,
    /// How sure that is, from 0 to 1; its meaning is that of who guesses.
    pub score: f64,
}

/// The language of a text by its script, alphabet and trigrams (Cavnar and Trenkle 1994, as the crate `whatlang` has it);
/// `None` for a text without letters.  Its score is how far ahead of the next language it is.
///
/// It needs some hundred letters.  A language that it does not know is taken for its likest neighbour, so ask
/// [`can_guess`] before a text is dropped for what it is not.
pub fn guess_language(text: &str) -> Option<Guess> {
    let info = whatlang::detect(text)?;
    Some(Guess { language: Cow::Borrowed(code(info.lang())?), score: info.confidence() })
}

fn code(language: Lang) -> Option<&'static str> {
    let (_, code) = KNOWN.iter().find(|(name, _)| *name == language.code())?;
    Some(code)
}

/// Whether [`guess_language`] knows this language in every script in which it is commonly written.
pub fn can_guess(language: &str) -> bool {
    KNOWN.iter().any(|(_, code)| *code == language) && !IN_ONE_SCRIPT_ONLY.contains(&language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_that_can_be_guessed_has_a_code_of_the_list() {
        for language in Lang::all() {
            let code = code(*language).unwrap_or_else(|| panic!("{language:?} has no code"));
            assert!(LANGUAGES.contains(&code), "{code}");
        }
        assert!(LANGUAGES.is_sorted());
        assert!(REPLACED.iter().all(|(old, new)| !LANGUAGES.contains(old) && LANGUAGES.contains(new)));
        assert!(IN_ONE_SCRIPT_ONLY.iter().all(|code| LANGUAGES.contains(code)));
    }

    /// Outputs are keyed by versions: where this fails, the step that asks must raise its own.
    #[test]
    fn a_guess_and_its_score_are_these() {
        let guess = |text| guess_language(text).map(|guess| (guess.language, (guess.score * 1000.0) as u32));
        let english = "The tide is the rise and fall of the sea, caused by the pull of the moon and of the sun.";
        assert_eq!(guess(english), Some(("en".into(), 1000)));
        assert_eq!(guess("Les marées montent et descendent deux fois par jour."), Some(("fr".into(), 964)));
        assert_eq!(guess("Прилив и отлив сменяют друг друга дважды в день."), Some(("ru".into(), 668)));
        assert_eq!(guess("潮汐は月と太陽の引力によって起こる。"), Some(("ja".into(), 1000)));
        assert_eq!(guess("123 – 456"), None);
        assert_eq!(guess(""), None);
    }

    #[test]
    fn a_language_known_in_one_of_its_scripts_cannot_be_guessed() {
        assert!(can_guess("en") && can_guess("zh"));
        assert!(!can_guess("sr") && !can_guess("is") && !can_guess("EN"));
    }
}

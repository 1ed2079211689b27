//! What needs to know words, characters and languages: word splitting, clean text, which language a text is in.
//!
//! Pure functions on strings; no I/O.  What counts as a *special character* is data, given as lines
//! ([`SpecialCharacters::from_lines`]), so that a recipe's numbers rest on a file with a source and a digest.
//!
//! ```
//! use obelisc_text::{SpecialCharacters, clean, count_words, words};
//!
//! let special = SpecialCharacters::from_lines("U+0021\nU+0022\nU+002C\nU+002D\n")?;
//! let found: Vec<String> = words("\"Stop!\" he cried -- Stop,  please", &special).collect();
//! assert_eq!(found, ["stop", "he", "cried", "stop", "please"]);
//! assert_eq!(count_words("\"Stop!\" he cried -- Stop,  please", &special), 5);
//!
//! assert_eq!(clean("co\u{ad}operate\u{200b} cafe\u{301}"), "cooperate café");
//! # Ok::<(), obelisc_text::UnknownCharacter>(())
//! ```

mod clean;
mod language;
mod special;
mod words;

pub use clean::{clean, collapse_white_space};
pub use language::{Guess, LANGUAGES, can_guess, guess_language, language_code};
pub use special::{SpecialCharacters, UnknownCharacter};
pub use words::{count_words, words};

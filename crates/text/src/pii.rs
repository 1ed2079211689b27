//! Personal information in a text: keys, e-mail addresses, user names, IP addresses, as [spans](crate::spans) that put a tag in its place.
//!
//! What is looked for, and the tags, are those of the ROOTS corpus (Laurençon et al. 2022, [arXiv 2303.03915](https://arxiv.org/abs/2303.03915), the section on
//! PII), which gave up on numbers and telephone numbers for their false alarms.  How is not: a span changes one place and not every place where the
//! same characters stand, and what merely looks alike is left, as each finder says.
//!
//! The finders are made to be applied one after another, in the order [`keys`], [`emails`], [`users`], [`ip_addresses`]; none finds anything in what another
//! has put there.  Each reads a text once.
//!
//! A word ends where a character cannot be part of it: in Latin, Greek and Cyrillic letters go on with a word, the letters of other
//! scripts do not, since in Chinese, Japanese, Thai or Korean an address stands in a sentence without spaces.
//!
//! ```
//! use obelisc_text::{pii, spans};
//!
//! let text = "写信给 info@site.example。 @alice logs in from 192.0.2.1, not in v1.2.3.4";
//! let finders = [pii::keys, pii::emails, pii::users, pii::ip_addresses];
//! let text = finders.iter().fold(text.to_owned(), |text, find| spans::apply(&text, &find(&text)));
//! assert_eq!(text, "写信给 PI:EMAIL。 PI:USER logs in from PI:IP_ADDRESS, not in v1.2.3.4");
//! ```

mod email;
mod ip;
mod key;
mod user;

pub use email::emails;
pub use ip::ip_addresses;
pub use key::keys;
pub use user::users;

/// How all that a finder puts into a text begins.
const TAG: &str = "PI:";

/// Whether a character goes on with a word of a script that sets spaces between words and is written next to ASCII: a letter or digit of
/// Latin, Greek, Cyrillic, or an underscore.
fn is_word(c: char) -> bool {
    let is_near_latin = c < '\u{530}' || ('\u{1e00}'..='\u{1fff}').contains(&c);
    c == '_' || (is_near_latin && c.is_alphanumeric())
}

/// The character before a byte.
fn before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

/// The character that begins at a byte.
fn after(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

//! Texts as others read them back: a shell's word, an option in a batch script.

/// A word of a POSIX shell that means this text, whatever it holds.
pub(crate) fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=:@+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    // Between single quotes nothing is special but their end.
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The value of an option on a `#SBATCH` line that is a file's path.  `%` begins a sign that Slurm fills in and is
/// doubled where it is itself meant; quotes hold spaces together, and a backslash keeps a quote.
pub(crate) fn sbatch_path(path: &str) -> String {
    format!("\"{}\"", path.replace('%', "%%").replace('"', "\\\""))
}

/// Whether a text is one word for Slurm and for a shell, and no option.
pub(crate) fn is_word(text: &str) -> bool {
    !text.starts_with('-') && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.,+:@/-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_path_stays_as_it_is_and_all_others_are_quoted() {
        assert_eq!(shell("/data/out-1"), "/data/out-1");
        assert_eq!(shell("s3://bucket/a"), "s3://bucket/a");
        assert_eq!(shell(""), "''");
        assert_eq!(shell("/my data/$HOME"), "'/my data/$HOME'");
        assert_eq!(shell("it's"), r"'it'\''s'");
    }

    #[test]
    fn signs_and_quotes_in_the_path_of_a_log_are_kept() {
        assert_eq!(sbatch_path("/a b/100%"), r#""/a b/100%%""#);
        assert_eq!(sbatch_path(r#"/a"b"#), r#""/a\"b""#);
    }
}

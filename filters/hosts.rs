//! Lists of hosts: each stands for itself and for all hosts below it.

use std::net::{IpAddr, Ipv6Addr};

use foldhash::HashSet;
use thiserror::Error;
use url::{Host, Url};

/// Longest name of a host, in bytes, as the domain name system has it.
const LONGEST: usize = 253;
/// Characters of a line that an error shows.
const LONGEST_SHOWN: usize = 60;

/// Hosts to look for.  A name stands for itself and for every name that ends with a point and it: `example.org` for `a.example.org`, not for
/// `badexample.org`; an address for itself alone.
///
/// Names are compared in ASCII, as browsers write them in a request (`bücher.example` is `xn--bcher-kva.example`), so that neither case nor a point at
/// the end matters.  Looking one up takes as many steps as the name has labels, however long the list is.
///
/// ```
/// use obelisc_filters::hosts::HostList;
///
/// let list = HostList::from_lines("# comment\nexample.org\n0.0.0.0 ads.example.com\n")?;
/// assert_eq!(list.covering("https://www.Example.org:8080/a"), Some("example.org"));
/// assert_eq!(list.covering("https://example.com/"), None);
/// # Ok::<(), obelisc_filters::hosts::UnknownHost>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct HostList {
    hosts: HashSet<Box<str>>,
}

/// A line of a list that is no host.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: `{text}` is no host")]
pub struct UnknownHost {
    /// Line, from 1.
    pub line: usize,
    /// The beginning of the line's text.
    pub text: String,
}

impl HostList {
    /// Reads a list of one host per line, or of lines as `hosts` files have them: an address and the names that lead to it, of which the names are
    /// taken.  What follows a `#` is comment; blank lines are left out.
    ///
    /// # Errors
    /// The first line with something else, such as a URL, a pattern (`*.example.org`) or a rule of an ad blocker (`||example.org^`).
    pub fn from_lines(list: &str) -> Result<Self, UnknownHost> {
        let mut hosts = Self::default();
        for (line, text) in (1..).zip(list.trim_start_matches('\u{feff}').lines()) {
            let content = text.split('#').next().unwrap_or_default();
            let mut fields = content.split_whitespace().peekable();
            let Some(first) = fields.next() else { continue };
            let leads = fields.peek().is_some() && is_address(first);
            let taken = if leads { fields.all(|name| hosts.insert(name)) } else { hosts.insert(first) };
            if !taken || fields.next().is_some() {
                let text = text.chars().take(LONGEST_SHOWN).collect();
                return Err(UnknownHost { line, text });
            }
        }
        Ok(hosts)
    }

    /// Adds a host; gives `false`, and adds nothing, where the text is none.
    pub fn insert(&mut self, host: &str) -> bool {
        let host = canonical(host);
        host.is_some_and(|host| {
            self.hosts.insert(host.into());
            true
        })
    }

    /// How many different hosts there are.
    pub fn len(&self) -> usize {
        self.hosts.len()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// The host of the list that the URL's host is or lies below, the longest where there are several; `None` where there is none, also of
    /// a text that is no URL or has no host.
    pub fn covering(&self, url: &str) -> Option<&str> {
        self.covering_host(Url::parse(url).ok()?.host()?)
    }

    /// [`covering`](Self::covering) for the host of a parsed URL.
    pub(crate) fn covering_host(&self, host: Host<&str>) -> Option<&str> {
        let listed = |name: &str| self.hosts.get(name).map(AsRef::as_ref);
        match host {
            Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                // No name of the list is longer, and a hostile one could have a million labels.
                let names = std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent));
                names.filter(|name| name.len() <= LONGEST).find_map(listed)
            }
            address => listed(&address.to_string()),
        }
    }
}

/// Whether a line of a `hosts` file can begin so; an address of IPv6 may name its interface (`fe80::1%lo0`).
fn is_address(text: &str) -> bool {
    text.split('%').next().is_some_and(|address| address.parse::<IpAddr>().is_ok())
}

/// The one way to write a host; `None` for what is none.
fn canonical(host: &str) -> Option<String> {
    if let Ok(address) = host.parse::<Ipv6Addr>() {
        return Some(Host::<&str>::Ipv6(address).to_string());
    }
    let host = Host::parse(host.strip_suffix('.').unwrap_or(host)).ok()?.to_string();
    // The URL Standard forbids neither, but no name has them.
    let is_name = host.len() <= LONGEST && !host.contains('*') && host.split('.').all(|label| !label.is_empty());
    is_name.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &str) -> HostList {
        HostList::from_lines(lines).unwrap()
    }

    #[test]
    fn a_host_covers_itself_and_what_lies_below_it() {
        let list = list("example.org\nb.example.com\ncom.example.net\n");
        for (url, covering) in [
            ("https://example.org/", Some("example.org")),
            ("http://user:word@A.b.EXAMPLE.org:81/p?q#f", Some("example.org")),
            ("https://example.org./", Some("example.org")),
            ("https://badexample.org/", None),
            ("https://example.org.evil.test/", None),
            ("https://example.org@evil.test/example.org", None),
            ("https://example.com/", None),
            ("https://a.b.example.com/", Some("b.example.com")),
            ("https://org/", None),
            ("mailto:a@example.org", None),
            ("no URL", None),
            ("", None),
        ] {
            assert_eq!(list.covering(url), covering, "{url}");
        }
    }

    #[test]
    fn the_longest_of_several_hosts_is_told() {
        let list = list("example.org\na.example.org\n");
        assert_eq!(list.covering("https://b.a.example.org/"), Some("a.example.org"));
    }

    #[test]
    fn names_are_compared_in_ascii() {
        for line in ["bücher.example", "BÜCHER.example.", "xn--bcher-kva.example", "bu\u{308}cher.example"] {
            let list = list(line);
            for host in ["bücher.example", "www.xn--bcher-kva.example", "B%C3%BCcher.example"] {
                let covering = list.covering(&format!("https://{host}/"));
                assert_eq!(covering, Some("xn--bcher-kva.example"), "{line}: {host}");
            }
        }
    }

    #[test]
    fn addresses_are_exact() {
        let list = list("192.0.2.7\n2001:db8::1\n[2001:db8::2]\n");
        assert_eq!(list.covering("https://192.0.2.7/"), Some("192.0.2.7"));
        assert_eq!(list.covering("https://3221225991/"), Some("192.0.2.7"));
        assert_eq!(list.covering("https://1.192.0.2.7/"), None);
        assert_eq!(list.covering("https://192.0.2.8/"), None);
        assert_eq!(list.covering("https://[2001:DB8:0::1]:1/"), Some("[2001:db8::1]"));
        assert_eq!(list.covering("https://[2001:db8::2]/"), Some("[2001:db8::2]"));
    }

    #[test]
    fn lines_of_hosts_files_and_comments_are_read() {
        let list = list(
            "\u{feff}# head\r\n\r\n0.0.0.0 a.test b.test # two\r\n::1\tc.test\r\nfe80::1%lo0 d.test\n  e.test  #\n0.0.0.0 0.0.0.0\n",
        );
        let mut hosts: Vec<&str> = list.hosts.iter().map(AsRef::as_ref).collect();
        hosts.sort_unstable();
        assert_eq!(hosts, ["0.0.0.0", "a.test", "b.test", "c.test", "d.test", "e.test"]);
        assert!(HostList::from_lines(" \n#\n").unwrap().is_empty());
    }

    #[test]
    fn a_line_that_is_no_host_is_named() {
        for wrong in [
            "https://example.org/",
            "example.org:80",
            "example.org/a",
            "*.example.org",
            ".example.org",
            "a..test",
            "||example.org^",
            "a.test b.test",
            "0.0.0.0 a.test b/c",
            "999.1.1.1",
            &format!("{}.test", "a.".repeat(150)),
        ] {
            let error = HostList::from_lines(&format!("a.test\n{wrong}\nb.test")).unwrap_err();
            assert_eq!((error.line, error.text), (2, wrong.chars().take(LONGEST_SHOWN).collect()));
        }
        let error = HostList::from_lines("a b").unwrap_err();
        assert_eq!(error.to_string(), "line 1: `a b` is no host");
    }

    #[test]
    fn a_host_of_a_million_labels_is_looked_up() {
        let list = list("example.org\n");
        let url = format!("https://{}example.org/", "a.".repeat(1_000_000));
        assert_eq!(list.covering(&url), Some("example.org"));
    }
}

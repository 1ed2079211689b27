//! Which pages belong together.

use url::{Host, Url};

/// Among which pages paragraphs are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// All pages of a registered domain, by the public suffix list: `a.example.co.uk` and `example.co.uk` belong together.
    Registered,
    /// All pages of a host with its port, as the OBELICS reference has it: `www.` makes another one.
    Host,
}

impl Domain {
    /// The name of a page's domain; of a page without host the whole URL.
    pub fn of(self, url: &str) -> String {
        let Some(parsed) = Url::parse(url).ok().filter(Url::has_host) else { return url.to_owned() };
        let host = parsed.host_str().unwrap_or_default();
        match (self, parsed.host()) {
            (Self::Registered, Some(Host::Domain(name))) => {
                let name = name.trim_end_matches('.');
                psl::domain_str(name).unwrap_or(name).to_owned()
            }
            (Self::Registered, _) => host.to_owned(),
            (Self::Host, _) => match parsed.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_domain_holds_all_hosts_below_it() {
        for (url, registered, host) in [
            ("https://www.news.bbc.co.uk/a", "bbc.co.uk", "www.news.bbc.co.uk"),
            ("http://Example.ORG:8080/", "example.org", "example.org:8080"),
            ("https://someone.github.io/b", "someone.github.io", "someone.github.io"),
            ("https://co.uk/", "co.uk", "co.uk"),
            ("http://127.0.0.1:81/", "127.0.0.1", "127.0.0.1:81"),
            ("http://[::1]/", "[::1]", "[::1]"),
            ("page.html", "page.html", "page.html"),
            ("data:text/html,a", "data:text/html,a", "data:text/html,a"),
        ] {
            assert_eq!(Domain::Registered.of(url), registered, "{url}");
            assert_eq!(Domain::Host.of(url), host, "{url}");
        }
    }
}

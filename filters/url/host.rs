#![doc = include_str!("host.md")]

use std::sync::Arc;

use obelisc_filter::options::{Listed, Options};
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Signal, Subject, SubjectKind};
use url::Url;

use crate::hosts::HostList;
use crate::lists;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "host",
    subject: SubjectKind::Url,
    version: 1,
    needs: &[Needs::Url],
    falling: false,
    resources: &[],
    page: include_str!("host.md"),
    build: &|options| Box::new(Host::new(options)),
};

#[derive(Debug)]
struct Host {
    blocked: Arc<HostList>,
}

impl Host {
    fn new(options: &mut Options<'_>) -> Self {
        let blocked =
            match options.listed("blocked", &[], "hosts whose pages, and those of all hosts below them, are dropped") {
                Listed::File(file) => file.open(|bytes| hosts_of((*bytes).as_ref())).unwrap_or_else(|problem| {
                    options.problem("blocked", problem);
                    Arc::default()
                }),
                Listed::Name(_) => Arc::default(),
                Listed::Words(hosts) => {
                    let mut blocked = HostList::default();
                    for host in hosts.iter().filter(|host| !blocked.insert(host)) {
                        options.problem("blocked", format!("{host:?} is given, which is no host"));
                    }
                    Arc::new(blocked)
                }
            };
        Self { blocked }
    }
}

/// The hosts of a file.
fn hosts_of(file: &[u8]) -> Result<HostList, String> {
    let hosts = HostList::from_lines(lists::text(file)?).map_err(|error| error.to_string())?;
    if hosts.is_empty() { Err("the list is empty".to_owned()) } else { Ok(hosts) }
}

impl Rule for Host {
    fn measure(&self, subject: Subject<'_>) -> Measure {
        let Subject::Url(url) = subject else { return Measure::NotApplicable };
        let parsed = if self.blocked.is_empty() { None } else { Url::parse(url).ok() };
        let Some(host) = parsed.as_ref().and_then(Url::host) else { return Measure::NotApplicable };
        Measure::Value(Signal::Word(self.blocked.covering_host(host).unwrap_or_default().to_owned()))
    }

    /// Whether a host is blocked was looked up already; comparing with the whole list again would read a million hosts for each page.
    fn bounds(&self) -> Vec<Bound> {
        vec![Bound::OneOf(vec![String::new()])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_host_is_a_mistake_of_the_recipe() {
        let problems = SPEC.with_options("blocked = [\"example.org\", \"https://example.org/\", \"a b\"]").unwrap_err();
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let expected = "host:1: blocked: \"https://example.org/\" is given, which is no host";
        assert_eq!((shown.len(), shown[0].as_str()), (2, expected));
    }
}

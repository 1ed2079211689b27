#![doc = include_str!("host.md")]

use obelisc_filter::options::Options;
use obelisc_filter::{Bound, Measure, Needs, Rule, RuleSpec, Signal, Subject, SubjectKind};
use url::Url;

use crate::hosts::HostList;

/// The rule.
pub static SPEC: RuleSpec = RuleSpec {
    name: "host",
    subject: SubjectKind::Url,
    version: 1,
    needs: &[Needs::Url],
    falling: false,
    resources: &[],
    page: include_str!("host.md"),
    build: |options| Box::new(Host::new(options)),
};

#[derive(Debug)]
struct Host {
    blocked: HostList,
}

impl Host {
    fn new(options: &mut Options<'_>) -> Self {
        let mut blocked = HostList::default();
        for host in
            options.texts("blocked", &[], &[], "hosts whose pages, and those of all hosts below them, are dropped")
        {
            if !blocked.insert(&host) {
                options.problem("blocked", format!("{host:?} is given, which is no host"));
            }
        }
        Self { blocked }
    }
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

#![doc = include_str!("pii_ip_addresses.md")]

use obelisc_filter::{Edit, EditSpec, Span};
use obelisc_text::pii;

/// The edit.
pub static SPEC: EditSpec = EditSpec {
    name: "pii_ip_addresses",
    version: 1,
    resources: &[],
    page: include_str!("pii_ip_addresses.md"),
    build: |_| Box::new(PiiIpAddresses),
};

#[derive(Debug)]
struct PiiIpAddresses;

impl Edit for PiiIpAddresses {
    fn spans(&self, text: &str) -> Vec<Span> {
        pii::ip_addresses(text)
    }
}

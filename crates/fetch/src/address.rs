//! Which addresses may be connected to: those of the public Internet alone.
//!
//! A page can name any host, and a host can resolve to any address; so what is judged is the address that a connection goes to, after the name is resolved, for each
//! redirect anew.  The ranges are those of the IANA special-purpose registries (RFC 6890 and its updates) that are not globally reachable, and addresses at
//! which clouds serve credentials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// This host (RFC 1122, 4291).
    Loopback,
    /// No host (RFC 1122, 4291).
    Unspecified,
    /// A network of its own (RFC 1918, 4193, 6598; the older site-local of RFC 3879).
    Private,
    /// The network at hand (RFC 3927, 4291).
    LinkLocal,
    /// Many hosts (RFC 5771, 4291).
    Multicast,
    /// Where a cloud serves credentials to its machines.
    Metadata,
    /// For documentation, benchmarks, translation, or the future.
    Reserved,
}

impl Refused {
    /// In words, for the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Unspecified => "unspecified",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Multicast => "multicast",
            Self::Metadata => "cloud metadata",
            Self::Reserved => "reserved",
        }
    }
}

/// Why no connection may go to an address; `None` of a public one.
pub fn refused(address: IpAddr) -> Option<Refused> {
    match address {
        IpAddr::V4(address) => refused_v4(address),
        IpAddr::V6(address) => refused_v6(address),
    }
}

fn refused_v4(address: Ipv4Addr) -> Option<Refused> {
    let refused = match address.octets() {
        // Most clouds; Alibaba; Oracle.
        [169, 254, 169, 254] | [100, 100, 100, 200] | [192, 0, 0, 192] => Refused::Metadata,
        [0, ..] => Refused::Unspecified,
        [127, ..] => Refused::Loopback,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Refused::Private,
        [169, 254, ..] => Refused::LinkLocal,
        [224..=239, ..] => Refused::Multicast,
        // Protocol assignments, documentation, the former 6to4 relay, benchmarks, class E and the broadcast.
        [192, 0, 0 | 2, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [240..=255, ..] => Refused::Reserved,
        _ => return None,
    };
    Some(refused)
}

fn refused_v6(address: Ipv6Addr) -> Option<Refused> {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        refused_v4(Ipv4Addr::new(a, b, c, d))
    };
    let refused = match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => Refused::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Refused::Loopback,
        // What stands for an address of version 4 is that one: mapped, translated (RFC 6052), and by 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            return v4(high, low);
        }
        // The metadata of Amazon's and Google's machines.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => Refused::Metadata,
        [0xfe80..=0xfebf, ..] => Refused::LinkLocal,
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Refused::Private,
        [0xff00..=0xffff, ..] => Refused::Multicast,
        // Only 2000::/3 is given out; of it protocol assignments (Teredo among them) and documentation are not reachable.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Refused::Reserved,
        [0x2000..=0x3fff, ..] => return None,
        _ => Refused::Reserved,
    };
    Some(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_connected_to() {
        use Refused::{LinkLocal, Loopback, Metadata, Multicast, Private, Reserved, Unspecified};
        let forms: &[(&str, Option<Refused>)] = &[
            ("0.0.0.0", Some(Unspecified)),
            ("0.255.255.255", Some(Unspecified)),
            ("1.1.1.1", None),
            ("9.255.255.255", None),
            ("10.0.0.0", Some(Private)),
            ("10.255.255.255", Some(Private)),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.1", Some(Private)),
            ("100.100.100.200", Some(Metadata)),
            ("100.127.255.255", Some(Private)),
            ("100.128.0.0", None),
            ("127.0.0.1", Some(Loopback)),
            ("127.255.255.254", Some(Loopback)),
            ("128.0.0.1", None),
            ("169.253.255.255", None),
            ("169.254.0.1", Some(LinkLocal)),
            ("169.254.169.254", Some(Metadata)),
            ("172.15.255.255", None),
            ("172.16.0.1", Some(Private)),
            ("172.31.255.255", Some(Private)),
            ("172.32.0.0", None),
            ("192.0.0.8", Some(Reserved)),
            ("192.0.0.192", Some(Metadata)),
            ("192.0.1.1", None),
            ("192.0.2.1", Some(Reserved)),
            ("192.88.99.1", Some(Reserved)),
            ("192.168.1.1", Some(Private)),
            ("192.169.0.0", None),
            ("198.17.255.255", None),
            ("198.18.0.1", Some(Reserved)),
            ("198.19.255.255", Some(Reserved)),
            ("198.51.100.7", Some(Reserved)),
            ("203.0.113.7", Some(Reserved)),
            ("223.255.255.255", None),
            ("224.0.0.1", Some(Multicast)),
            ("239.255.255.255", Some(Multicast)),
            ("240.0.0.1", Some(Reserved)),
            ("255.255.255.255", Some(Reserved)),
            ("::", Some(Unspecified)),
            ("::1", Some(Loopback)),
            ("::2", Some(Reserved)),
            ("::7f00:1", Some(Reserved)),
            ("::ffff:127.0.0.1", Some(Loopback)),
            ("::ffff:10.1.2.3", Some(Private)),
            ("::ffff:169.254.169.254", Some(Metadata)),
            ("::ffff:8.8.8.8", None),
            ("::ffff:0:8.8.8.8", Some(Reserved)),
            ("64:ff9b::a01:203", Some(Private)),
            ("64:ff9b::808:808", None),
            ("64:ff9b:1::808:808", Some(Reserved)),
            ("100::1", Some(Reserved)),
            ("2001::1", Some(Reserved)),
            ("2001:0:7f00:1::", Some(Reserved)),
            ("2001:20::1", Some(Reserved)),
            ("2001:db8::1", Some(Reserved)),
            ("2001:4860:4860::8888", None),
            ("2002:7f00:1::", Some(Loopback)),
            ("2002:c0a8:101::1", Some(Private)),
            ("2002:808:808::", None),
            ("2606:4700:4700::1111", None),
            ("3fff:fff::1", Some(Reserved)),
            ("3fff:1000::1", None),
            ("4000::1", Some(Reserved)),
            ("5f00::1", Some(Reserved)),
            ("fc00::1", Some(Private)),
            ("fd00:ec2::254", Some(Metadata)),
            ("fd20:ce::254", Some(Metadata)),
            ("fdff::1", Some(Private)),
            ("fe80::1", Some(LinkLocal)),
            ("fec0::1", Some(Private)),
            ("ff02::1", Some(Multicast)),
        ];
        assert!(forms.len() > 40);
        for (address, expected) in forms {
            assert_eq!(refused(address.parse().unwrap()), *expected, "{address}");
        }
    }
}

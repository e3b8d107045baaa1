//! Which addresses are whose. From the IANA special-purpose registries and the clouds' metadata services.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is to somebody who calls from inside an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// On the internet.
    Public,
    /// Of the local network: a provider may live there, if the administrator says so.
    Private,
    /// Never a provider.
    Never(&'static str),
}

const METADATA: Class = Class::Never("a cloud's metadata service");
const LINK_LOCAL: Class = Class::Never("link-local");
const LOOPBACK: Class = Class::Never("a loopback address");
const MULTICAST: Class = Class::Never("a multicast address");
const RESERVED: Class = Class::Never("a reserved address");
const UNSPECIFIED: Class = Class::Never("the unspecified address");

/// Classifies an address. One that carries an IPv4 address inside counts as that.
pub fn class(ip: IpAddr) -> Class {
    match ip {
        IpAddr::V4(ip) => class_v4(ip),
        IpAddr::V6(ip) => class_v6(ip),
    }
}

fn class_v4(ip: Ipv4Addr) -> Class {
    match ip.octets() {
        [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => METADATA,
        [0, ..] => UNSPECIFIED,
        [127, ..] => LOOPBACK,
        [169, 254, ..] => LINK_LOCAL,
        [224..=239, ..] => MULTICAST,
        [240..=255, ..] | [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            RESERVED
        }
        // 100.64/10 and 198.18/15 are no internet, but carriers and local resolvers hand them out.
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] | [198, 18..=19, ..] => {
            Class::Private
        }
        _ => Class::Public,
    }
}

fn class_v6(ip: Ipv6Addr) -> Class {
    let inner = |high: u16, low: u16| class_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => UNSPECIFIED,
        [0, 0, 0, 0, 0, 0, 0, 1] => LOOPBACK,
        // IPv4-mapped, NAT64, 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        [0x2002, high, low, ..] => inner(high, low),
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => METADATA,
        [0xfe80..=0xfebf, ..] => LINK_LOCAL,
        [0xff00..=0xffff, ..] => MULTICAST,
        [0xfc00..=0xfdff, ..] => Class::Private,
        // Teredo, ORCHID, documentation.
        [0x2001, 0 | 0x10..=0x2f | 0xdb8, ..] | [0x3fff, ..] => RESERVED,
        [0x2000..=0x3fff, ..] => Class::Public,
        _ => RESERVED,
    }
}

/// Names that are this machine or a cloud's metadata service, whatever a resolver says.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    if name.ends_with('.') {
        return Err("a host name with a final dot is not called");
    }
    let is = |forbidden: &str| name == forbidden || name.ends_with(&format!(".{forbidden}"));
    if is("localhost") || is("localdomain") || name.starts_with("localhost.") {
        return Err("this machine itself is never called");
    }
    if is("metadata.google.internal") || name == "metadata" || is("metadata.azure.internal") {
        return Err("a cloud's metadata service is never called");
    }
    Ok(())
}

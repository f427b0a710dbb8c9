//! Files in the style of `/etc/hosts`: an address and its names, a line each.

use std::net::IpAddr;

use super::ClusterFacts;
use crate::read::ResolvedName;
use crate::types::visible;

impl ClusterFacts {
    /// Adds the first name of each address that a host elsewhere could have.
    pub(super) fn add_hosts(&mut self, text: &str) {
        self.hosts.extend(text.lines().filter_map(parse_line));
    }
}

fn parse_line(line: &str) -> Option<ResolvedName> {
    let (entry, _) = line.split_once('#').unwrap_or((line, ""));
    let mut words = entry.split_whitespace();
    let address: IpAddr = words.next()?.parse().ok()?;
    let name = visible(words.next()?);
    let of_everyone = address.is_loopback() || address.is_multicast() || address.is_unspecified();
    (!of_everyone).then_some(ResolvedName { address, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_comments_are_left_out() {
        let mut facts = ClusterFacts::default();
        facts.add_hosts(
            "127.0.0.1 localhost\n# 10.0.0.1 old\n10.33.188.138\tmaster.lab master # here\n\
             ff02::1 ip6-allnodes\nfd00::8 node8\nnot an address\n10.0.0.9\n",
        );
        let names: Vec<_> = facts
            .hosts
            .iter()
            .map(|n| (n.address.to_string(), n.name.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("10.33.188.138".to_owned(), "master.lab"),
                ("fd00::8".to_owned(), "node8")
            ]
        );
    }
}

//! The rules, in the order in which they are asked: specific causes first, so that the general ones see only what is left.

use super::case::Case;
use super::facts::Loss;
use super::finding::{Finding, RuleId};
use super::manual::Manual;
use super::rules;
use super::stages::{Carried, Frequency, Stage};

/// A rule and its documentation.
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// Its text.
    pub manual: Manual,
    /// How often its fault is met.
    pub frequency: Frequency,
    /// Between which places its fault makes packets vanish; empty if it makes none vanish.
    pub stages: &'static [Stage],
    /// Which packets its fault concerns.
    pub carried: Carried,
    /// Whether its fault may be behind these losses although the rule did not find it: `false` only if the captures exclude it. Losses
    /// are of one segment whose stages include its own.
    pub possible: fn(&Case<'_>, &[&Loss]) -> bool,
    /// Finds it.
    pub check: fn(&Case<'_>) -> Vec<Finding>,
}

/// Nothing in captures excludes it.
pub(super) fn always(_: &Case<'_>, _: &[&Loss]) -> bool {
    true
}

/// Every rule.
pub static CATALOGUE: &[&Rule] = &[
    &rules::first_packet_arp::RULE,
    &rules::ttl_probe::RULE,
    &rules::routing_loop::RULE,
    &rules::vtep_self_public_ip::RULE,
    &rules::asymmetric_return::RULE,
    &rules::brnf_off::RULE,
    &rules::conntrack_invalid_rst::RULE,
    &rules::hairpin_off::RULE,
    &rules::conntrack_stale_udp::RULE,
    &rules::svc_dead_endpoint::RULE,
    &rules::svc_port_closed::RULE,
    &rules::svc_no_rules::RULE,
    &rules::svc_no_endpoints::RULE,
    &rules::dns_conntrack_race::RULE,
    &rules::node_ip_duplicate::RULE,
    &rules::duplicate_pod_cidr::RULE,
    &rules::vni_mismatch::RULE,
    &rules::port_mismatch::RULE,
    &rules::vtep_mac_duplicate::RULE,
    &rules::vtep_mac_stale::RULE,
    &rules::fdb_wrong_live_node::RULE,
    &rules::vxlan_bad_checksum::RULE,
    &rules::underlay_nat_oneway::RULE,
    &rules::vxlan_snoop_outer_src::RULE,
    &rules::node_input_reject::RULE,
    &rules::vtep_down::RULE,
    &rules::dead_pod_ip::RULE,
    &rules::forward_reject::RULE,
    &rules::route_missing_src::RULE,
    &rules::route_missing_return::RULE,
    &rules::mtu_pod_too_big::RULE,
    &rules::neigh_missing::RULE,
    &rules::fdb_stale_dead_ip::RULE,
    &rules::outer_fragments_dropped::RULE,
    &rules::underlay_mtu_small::RULE,
    &rules::mtu_blackhole::RULE,
    &rules::offload_segmentation_broken::RULE,
    &rules::ipv6_only_broken::RULE,
    &rules::hypervisor_vxlan_intercept::RULE,
    &rules::wrong_iface::RULE,
    &rules::encap_proto_blocked::RULE,
    &rules::underlay_vxlan_blocked::RULE,
    &rules::underlay_vxlan_blocked_return::RULE,
    &rules::hostgw_antispoof::RULE,
    &rules::node_output_drop::RULE,
    &rules::fdb_missing::RULE,
    &rules::rpfilter_asymmetric::RULE,
    &rules::network_policy_drop::RULE,
    &rules::forward_drop::RULE,
    &rules::ip_forward_off::RULE,
    &rules::node_input_drop::RULE,
    &rules::inner_bad_checksum::RULE,
    &rules::loss_rate_limited::RULE,
    &rules::loss_random::RULE,
    &rules::masquerade_missing::RULE,
    &rules::snat_pod_to_pod::RULE,
    &rules::duplicated_packets::RULE,
    &rules::observer_promisc_duplicates::RULE,
    &rules::reordering::RULE,
    &rules::clock_step::RULE,
    &rules::capture_window_mismatch::RULE,
    &rules::packets_lost::RULE,
    &rules::capture_gap::RULE,
];

/// The rule of this name.
#[must_use]
pub fn find_rule(id: &str) -> Option<&'static Rule> {
    CATALOGUE.iter().copied().find(|rule| rule.id.0 == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::diagnose::manual::with_capitals;

    fn texts(manual: &Manual) -> Vec<&'static str> {
        let mut texts = vec![manual.summary, manual.meaning];
        for list in [
            manual.looks_for,
            manual.refuted_by,
            manual.remedy,
            manual.limits,
            manual.references,
        ] {
            texts.extend(list);
        }
        for cause in manual.causes {
            texts.extend([cause.cause, cause.confirm]);
        }
        texts
    }

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut seen = BTreeSet::new();
        for rule in CATALOGUE {
            let id = rule.id.0;
            assert!(seen.insert(id), "{id} twice");
            assert!(
                id.chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{id}"
            );
        }
    }

    #[test]
    fn every_manual_is_complete() {
        for rule in CATALOGUE {
            let (id, manual) = (rule.id, &rule.manual);
            assert!(!manual.looks_for.is_empty(), "{id}: looks for nothing");
            assert!(!manual.refuted_by.is_empty(), "{id}: nothing refutes it");
            assert!(!manual.causes.is_empty(), "{id}: no cause");
            assert!(!manual.remedy.is_empty(), "{id}: no remedy");
            assert!(!manual.limits.is_empty(), "{id}: no limits");
            for text in texts(manual) {
                assert!(
                    !text.trim().is_empty() && text.trim() == text,
                    "{id}: {text:?}"
                );
                assert!(
                    !text.contains("  ") && !text.contains('\n'),
                    "{id}: {text:?}"
                );
            }
            assert!(!manual.summary.ends_with('.'), "{id}: {}", manual.summary);
        }
    }

    #[test]
    fn manuals_know_their_blanks() {
        for rule in CATALOGUE {
            for text in texts(&rule.manual) {
                let filled = with_capitals(text);
                let unknown = filled.match_indices('{').any(|(at, _)| {
                    let word = filled.get(at + 1..).unwrap_or_default();
                    let end = word.find('}').and_then(|end| word.get(..end));
                    end.is_some_and(|word| {
                        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                    })
                });
                assert!(!unknown, "{}: {text}", rule.id);
            }
        }
    }
}

# FORWARD policy DROP on the second node; only what its own pods send is accepted.
# shellcheck shell=bash disable=SC2034,SC2154

# A firewall script that thinks of its own pods only: flannel's rules are gone, and what comes
# in from flannel.1 for them, requests and replies alike, meets the policy. Pods on the same
# node go through FORWARD too (br_netfilter) and are accepted.
failing_setup() {
    local node=${lab_nodes[1]}
    on_node "$node" iptables -D FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
    on_node "$node" iptables -A FORWARD -s "$(node_cidr "$node")" -j ACCEPT
    on_node "$node" iptables -P FORWARD DROP
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

# FORWARD policy DROP on the first node; only traffic to its own pods and out of eth0 is accepted.
# shellcheck shell=bash disable=SC2034,SC2154

# A firewall script that knows eth0 as the way out and never heard of flannel.1: what pods
# send through it, requests and replies alike, meets the policy.
failing_setup() {
    local node=${lab_nodes[0]}
    on_node "$node" iptables -D FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
    on_node "$node" iptables -A FORWARD -d "$(node_cidr "$node")" -j ACCEPT
    on_node "$node" iptables -A FORWARD -o eth0 -j ACCEPT
    on_node "$node" iptables -P FORWARD DROP
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

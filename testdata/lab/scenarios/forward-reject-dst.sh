# The second node's FORWARD chain rejects what arrives from flannel.1 with ICMP host-prohibited.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

# What firewalld did on RHEL: its own zone's pods may send, the rest meets the reject.
failing_setup() {
    local node=${lab_nodes[1]}
    on_node "$node" iptables -D FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
    on_node "$node" iptables -A FORWARD -s "$(node_cidr "$node")" -j ACCEPT
    on_node "$node" iptables -A FORWARD -j REJECT --reject-with icmp-host-prohibited
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

# The first node masquerades its pods' packets to other pods; all works.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

# Docker's --ip-masq: whatever does not stay on the bridge gets another source.
failing_setup() {
    local node=${lab_nodes[0]}
    on_node "$node" iptables -t nat -I POSTROUTING 1 -s "$(node_cidr "$node")" ! -o cni0 \
        -j MASQUERADE
}

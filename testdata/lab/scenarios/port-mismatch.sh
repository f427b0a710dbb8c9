# The second node's VXLAN device uses UDP 4789, the first one's 8472.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

failing_setup() {
    local node=${lab_nodes[1]} peer=${lab_nodes[0]} LAB_PORT=4789
    ip -n "$LAB_PREFIX$node" link delete "$LAB_TUNNEL"
    add_tunnel "$node"
    add_peer "$node" "$peer"
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

# Through VXLAN from the first node, directly routed back, and the first node filters reverse paths.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=asymmetric-path.sh
source "$LAB_DIR/scenarios/asymmetric-path.sh"

reference_plan() {
    LAB_NODES="east west"
    LAB_NODE_ADDRESSES="10.9.0.7 10.9.0.8"
    LAB_POD_COUNTS="1 1"
}
failing_plan() { reference_plan; }

direct_return() {
    ip -n "$LAB_PREFIX${lab_nodes[1]}" route replace "$(node_cidr "${lab_nodes[0]}")" \
        via "$(node_address "${lab_nodes[0]}")" dev eth0
}

reference_setup() { direct_return; }
failing_setup() {
    direct_return
    on_node "${lab_nodes[0]}" sysctl -qw net.ipv4.conf.all.rp_filter=1
}

failing_broken="pod-to-pod pod-to-pod-back http udp"

# The first node has no route to the second one's pods, so they go to its default gateway, plain.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="alpha beta"
    LAB_NODE_ADDRESSES="10.61.0.21 10.61.0.22"
    LAB_OUTSIDE=10.61.0.1
    LAB_CLUSTER_CIDR=10.200.0.0/16
    LAB_POD_CIDRS="10.200.1.0/24 10.200.2.0/24"
}
failing_plan() { reference_plan; }

reference_setup() { add_outside_host; }
failing_setup() {
    add_outside_host
    ip -n "$LAB_PREFIX${lab_nodes[0]}" route delete "$(node_cidr "${lab_nodes[1]}")"
}

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

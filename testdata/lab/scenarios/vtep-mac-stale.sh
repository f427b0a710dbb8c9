# The second node's flannel.1 has another MAC than the first node was told.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

# The node itself is in order: with its new MAC it knows its peer as before.
failing_setup() {
    local node=${lab_nodes[1]}
    ip -n "$LAB_PREFIX$node" link set "$LAB_TUNNEL" address 0e:f1:99:99:99:99
    add_peer "$node" "${lab_nodes[0]}" # the kernel forgets neighbours when a MAC changes
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

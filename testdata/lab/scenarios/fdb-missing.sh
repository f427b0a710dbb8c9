# The first node has no FDB entry for the second one's VTEP.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

failing_setup() {
    bridge -n "$LAB_PREFIX${lab_nodes[0]}" fdb delete "$(vtep_mac "${lab_nodes[1]}")" \
        dev "$LAB_TUNNEL" dst "$(node_address "${lab_nodes[1]}")"
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

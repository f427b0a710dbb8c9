# The first node has no neighbour entry for the second one's VTEP address.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

failing_setup() {
    ip -n "$LAB_PREFIX${lab_nodes[0]}" neigh delete "$(vtep_address "${lab_nodes[1]}")" \
        dev "$LAB_TUNNEL"
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

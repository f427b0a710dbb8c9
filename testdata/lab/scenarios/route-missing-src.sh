# The first node has no route to the second one's pods, nor a default route.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

failing_setup() {
    ip -n "$LAB_PREFIX${lab_nodes[0]}" route delete "$(node_cidr "${lab_nodes[1]}")"
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

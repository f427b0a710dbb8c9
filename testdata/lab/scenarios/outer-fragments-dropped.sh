# The nodes fragment their VXLAN packets, and the underlay drops fragments.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000 LAB_LARGE_PINGS=1; }
failing_plan() { reference_plan; }

# eth0's MTU was lowered after flannel.1 was made: full-size packets leave in two pieces.
reference_setup() {
    local node
    offload_off
    for node in "${lab_nodes[@]}"; do ip -n "$LAB_PREFIX$node" link set eth0 mtu 1400; done
}

failing_setup() {
    reference_setup
    switch_rules "ip frag-off & 0x3fff != 0 counter drop"
}

failing_broken="large-ping http"

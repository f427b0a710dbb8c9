# The switch silently drops frames of more than 1400 bytes of IP; the nodes believe in 1500.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

# Super-packets would pass a veth whatever its MTU, so the nodes segment themselves.
reference_setup() { offload_off; }

failing_setup() {
    local node
    offload_off
    for node in "${lab_nodes[@]}"; do
        ip -n "${LAB_PREFIX}switch" link set "$(switch_port "$node")" mtu 1400
    done
}

failing_broken="large-ping http"

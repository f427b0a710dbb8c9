# Offload off on eth0, and the underlay loses one VXLAN packet in twenty of a download.
# shellcheck shell=bash disable=SC2034,SC2154

# 160 bytes of each packet, to the end of the inner TCP header: the download is long.
reference_plan() {
    LAB_POD_COUNTS="1 1"
    LAB_TCPDUMP_OPTIONS="--immediate-mode -U -B 16384 -s 160"
}
failing_plan() { reference_plan; }

reference_setup() { offload_off; }
failing_setup() {
    offload_off
    switch_rules "iifname $(switch_port "${lab_nodes[1]}") udp dport $LAB_PORT \
            numgen random mod 100 < 5 counter drop"
}

reference_traffic() {
    local b=${lab_nodes[1]} pod_b
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 300000
    step node-to-node all_pings on_node "${lab_nodes[0]}" "$(node_address "$b")" 3 0.2
    step http client in_pod "$(first_pod "${lab_nodes[0]}")" get "$pod_b" 8080 20
}
failing_traffic() { reference_traffic; }

failing_check() {
    on_switch nft list ruleset | grep -qE 'counter packets ([4-9]|[1-9][0-9]) ' ||
        die "hardly anything was lost"
}

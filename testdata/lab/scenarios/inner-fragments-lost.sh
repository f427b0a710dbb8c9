# The underlay drops VXLAN packets with the second fragment of a pod's packet, one way.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_POD_COUNTS="1 1"; }
failing_plan() { reference_plan; }

# Behind the outer UDP header's start: 28 bytes to the inner EtherType, 36 to the fragment offset.
failing_setup() {
    switch_rules "iifname $(switch_port "${lab_nodes[0]}") udp dport $LAB_PORT \
            @th,224,16 0x0800 @th,288,16 & 0x1fff != 0 counter drop"
}

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 1000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 5 0.05
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step large-ping all_pings in_pod "$pod_a" "$pod_b" 3 0.2 -s 1900
    step large-udp client in_pod "$pod_a" datagrams "$pod_b" 9000 3 1900
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="large-ping large-udp"

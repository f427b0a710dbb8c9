# Healthy both times; the second time the nodes fragment their VXLAN packets, and all arrive.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_POD_COUNTS="1 1"; }
failing_plan() { reference_plan; }

reference_setup() { offload_off; }

# eth0's MTU was lowered after flannel.1 was made: full-size packets leave in two pieces.
failing_setup() {
    local node
    offload_off
    for node in "${lab_nodes[@]}"; do ip -n "$LAB_PREFIX$node" link set eth0 mtu 1400; done
}

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 5000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 3 0.1
    step full-size-ping all_pings in_pod "$pod_a" "$pod_b" 2 0.2 -s 1400
    step full-size-udp client in_pod "$pod_a" datagrams "$pod_b" 9000 2 1400
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
}
failing_traffic() { reference_traffic; }

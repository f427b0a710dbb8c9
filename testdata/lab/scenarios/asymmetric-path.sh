# Healthy both times; from the first node to the second through VXLAN, back directly routed.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_POD_COUNTS="1 1"; }
failing_plan() { reference_plan; }

# DirectRouting on the second node alone; rp_filter is off.
reference_setup() {
    ip -n "$LAB_PREFIX${lab_nodes[1]}" route replace "$(node_cidr "${lab_nodes[0]}")" \
        via "$(node_address "${lab_nodes[0]}")" dev eth0
}
failing_setup() { reference_setup; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 3000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 5 0.05
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 5 0.05
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 5
}
failing_traffic() { reference_traffic; }

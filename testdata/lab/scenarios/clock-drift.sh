# Healthy both times; the second time the second node's clock is 5 h ahead and runs 80 ppm fast.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_POD_COUNTS="1 1"; }
failing_plan() { reference_plan; }

# Forty seconds: the clock gains 3.2 ms, a hundred times what the way between the nodes takes.
reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 1000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.1
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 17 1
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 5
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 17 1
    step http-again client in_pod "$pod_a" get "$pod_b" 8080 4
    step udp-again client in_pod "$pod_a" datagrams "$pod_b" 9000 5
}
failing_traffic() { reference_traffic; }

failing_derive() {
    python3 "$LAB_DIR/shift_clock.py" 18000 --ppm 80 "$LAB_OUT/${lab_nodes[1]}"/*.pcap
}

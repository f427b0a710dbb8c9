# Healthy both times; the second time the capture of the second node's eth0 could not keep up and missed some.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="db-1 db-2" LAB_NODE_ADDRESSES="10.30.0.8 10.30.0.9"
    LAB_CLUSTER_CIDR=10.16.0.0/12 LAB_POD_CIDRS="10.17.0.0/24 10.17.1.0/24" LAB_POD_COUNTS="1 1"
}
failing_plan() { reference_plan; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 6000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 6 0.1
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 12 0.05
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 12 0.05
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 10
    step http-again client in_pod "$pod_a" get "$pod_b" 8080 4
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 6 0.1
}
failing_traffic() { reference_traffic; }

failing_derive() {
    python3 "$LAB_DIR/thin_capture.py" 23 5 "$LAB_OUT/${lab_nodes[1]}/eth0.pcap"
}

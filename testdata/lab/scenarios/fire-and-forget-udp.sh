# Healthy both times; datagrams that nobody answers: metrics, logs, on one node, across, to outside.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="web-01 web-02" LAB_NODE_ADDRESSES="10.50.3.41 10.50.3.42"
    LAB_CLUSTER_CIDR=100.64.0.0/16 LAB_POD_CIDRS="100.64.41.0/24 100.64.42.0/24"
    LAB_POD_COUNTS="1 2" LAB_OUTSIDE=10.50.3.7
}
failing_plan() { reference_plan; }

reference_setup() {
    add_outside_host
    add_kube_proxy
    add_service udp 10.96.0.77 8125 "$(first_pod "${lab_nodes[1]}"):8125"
}
failing_setup() { reference_setup; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b neighbor
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    neighbor=$(pods_of "$b" | sed -n 2p)
    serve in_pod "$pod_b" sink "$pod_b" 8125
    serve on_outside - sink "$LAB_OUTSIDE" 514
    serve on_node "$b" sink "$(node_address "$b")" 6343
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step metrics client in_pod "$pod_a" send "$pod_b" 8125 40 60 0.02
    step metrics-same-node client in_pod "$neighbor" send "$pod_b" 8125 20 60 0.02
    step metrics-service client in_pod "$pod_a" send 10.96.0.77 8125 20 60 0.02
    step logs client in_pod "$pod_a" send "$LAB_OUTSIDE" 514 20 200 0.02
    step samples client on_node "$a" send "$(node_address "$b")" 6343 20 120 0.02
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

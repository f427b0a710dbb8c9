# The underlay lets only 8 kB/s through to the second node: bursts lose packets, little traffic none.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="edge-1 edge-2" LAB_NODE_ADDRESSES="172.31.4.11 172.31.4.27"
    LAB_CLUSTER_CIDR=10.42.0.0/16 LAB_POD_CIDRS="10.42.0.0/24 10.42.1.0/24" LAB_POD_COUNTS="1 2"
}
failing_plan() { reference_plan; }

reference_setup() { offload_off; }

# A token bucket on the switch's port: 2 kB at once, 3 kB wait in line, what more comes is dropped.
failing_setup() {
    offload_off
    on_switch tc qdisc add dev "$(switch_port "${lab_nodes[1]}")" root \
        tbf rate 64kbit burst 2000 limit 3200
}

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_a" http "$pod_a" 8080 6000
    serve in_pod "$pod_b" sink "$pod_b" 8125
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step same-node all_pings in_pod "$pod_b" "$(pods_of "$b" | sed -n 2p)" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 10 0.1
    step burst client in_pod "$pod_a" send "$pod_b" 8125 60 120 0.004
    sleep 0.5
    step pod-to-pod-again all_pings in_pod "$pod_a" "$pod_b" 10 0.1
    step http-back client in_pod "$pod_b" get "$pod_a" 8080 10
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 5 0.1
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

# The underlay holds back one in five VXLAN packets to the second node until four later ones have passed.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="rack1-n3 rack2-n8" LAB_NODE_ADDRESSES="10.20.1.3 10.20.1.8"
    LAB_CLUSTER_CIDR=10.200.0.0/16 LAB_POD_CIDRS="10.200.3.0/24 10.200.8.0/24"
    LAB_POD_COUNTS="1 1" LAB_VNI=7
}
failing_plan() { reference_plan; }

reference_setup() { add_wire "${lab_nodes[1]}"; }
failing_setup() { add_wire "${lab_nodes[1]}" --hold-every 5 --behind 4 --udp "$LAB_PORT"; }

# The second node's pod downloads: the data goes the way that is out of order.
reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_a" http "$pod_a" 8080 14000
    serve in_pod "$pod_b" sink "$pod_b" 8125
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 10 0.02
    step http-back client in_pod "$pod_b" get "$pod_a" 8080 8
    step samples client in_pod "$pod_a" send "$pod_b" 8125 40 60 0.002
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 5 0.1
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

# Only the client's node was captured; on the other one the firewall drops what it should forward to its pods.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="hel fsn" LAB_NODE_ADDRESSES="10.0.64.2 10.0.64.3"
    LAB_CLUSTER_CIDR=10.42.0.0/16 LAB_POD_CIDRS="10.42.2.0/24 10.42.3.0/24" LAB_POD_COUNTS="2 1"
}
failing_plan() { reference_plan; }

failing_setup() {
    on_node "${lab_nodes[1]}" iptables -I FORWARD 1 -i "$LAB_TUNNEL" -o cni0 -j DROP
}

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 3000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-remote-node all_pings in_pod "$pod_a" "$(node_address "$b")" 3 0.2
    step same-node all_pings in_pod "$pod_a" "$(pods_of "$a" | sed -n 2p)" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 8 0.05
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 5
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="pod-to-pod http udp"

reference_derive() { rm -r "${LAB_OUT:?}/${lab_nodes[1]}"; }
failing_derive() { reference_derive; }

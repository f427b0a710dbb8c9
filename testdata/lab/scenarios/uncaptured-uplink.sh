# Healthy both times; tunnels run over eth0, which nobody captured: the captured eth1 carries other things.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="vm1 vm2" LAB_NODE_ADDRESSES="192.168.56.11 192.168.56.12"
    LAB_CLUSTER_CIDR=10.85.0.0/16 LAB_POD_CIDRS="10.85.1.0/24 10.85.2.0/24" LAB_POD_COUNTS="1 2"
    LAB_NOT_CAPTURED=eth0
}
failing_plan() { reference_plan; }

reference_setup() {
    add_uplink "${lab_nodes[0]}" 10.2.7.11/24
    add_uplink "${lab_nodes[1]}" 10.2.7.12/24
}
failing_setup() { reference_setup; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 3000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" 10.2.7.12 3 0.2
    step same-node all_pings in_pod "$pod_b" "$(pods_of "$b" | sed -n 2p)" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 8 0.05
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 5 0.05
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 5
    step node-to-node-again all_pings on_node "$a" 10.2.7.12 3 0.2
}
failing_traffic() { reference_traffic; }

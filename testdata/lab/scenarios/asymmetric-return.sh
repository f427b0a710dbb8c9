# A NodePort leads to a pod on another node without SNAT: the pod's node answers the client itself.
# shellcheck shell=bash disable=SC2034,SC2154

node_port=31080

reference_plan() {
    LAB_NODES="front back" LAB_POD_COUNTS="1 1" LAB_OUTSIDE=10.50.0.77
    LAB_NODE_ADDRESSES="10.50.0.10 10.50.0.20"
    LAB_CLUSTER_CIDR=10.128.0.0/14 LAB_POD_CIDRS="10.128.2.0/24 10.129.0.0/24"
}
failing_plan() { reference_plan; }

reference_setup() {
    add_outside_host
    add_kube_proxy
    add_node_port tcp "$node_port" "$(first_pod back):8080"
    add_node_port udp 31090 "$(first_pod back):9000"
}

# Neither kube-proxy nor flannel (--ip-masq=false) masquerades what comes from outside.
failing_setup() {
    local node
    add_outside_host
    add_kube_proxy
    for node in "${lab_nodes[@]}"; do on_node "$node" iptables -t nat -F FLANNEL-POSTRTG; done
    service_rule tcp "-m addrtype --dst-type LOCAL" "$node_port" \
        "DNAT --to-destination $(first_pod back):8080"
    service_rule udp "-m addrtype --dst-type LOCAL" 31090 \
        "DNAT --to-destination $(first_pod back):9000"
}

reference_traffic() {
    local pod_a pod_b try
    pod_a=$(first_pod front)
    pod_b=$(first_pod back)
    serve in_pod "$pod_b" http "$pod_b" 8080 1500
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node front "$(node_address back)" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 4 0.05
    step pod-http client in_pod "$pod_a" get "$pod_b" 8080 4
    step own-node client on_outside - get "$(node_address back)" "$node_port" 4
    for try in 1 2; do
        step "other-node-$try" client on_outside - get "$(node_address front)" "$node_port" 3
    done
    step other-node-udp client on_outside - datagrams "$(node_address front)" 31090 4
    step node-to-node-again all_pings on_node front "$(node_address back)" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="other-node-1 other-node-2 other-node-udp"

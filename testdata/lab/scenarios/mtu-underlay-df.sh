# The tunnel's packets may not be fragmented, and a router between the nodes passes 1400 bytes.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="rack1 rack2"
    LAB_NODE_ADDRESSES="10.80.1.5 10.80.2.5"
    LAB_UNDERLAY_PREFIX=16
    LAB_POD_COUNTS="1 1"
}
failing_plan() { reference_plan; }

# Each node reaches the other one through a router with one leg.
reference_setup() {
    local node peer
    offload_off
    for node in "${lab_nodes[@]}"; do ip -n "$LAB_PREFIX$node" link set "$LAB_TUNNEL" type vxlan df set; done
    add_gateway 10.80.0.1
    for node in "${lab_nodes[@]}"; do
        for peer in "${lab_nodes[@]}"; do
            if [[ $node == "$peer" ]]; then continue; fi
            ip -n "$LAB_PREFIX$node" route add "$(node_address "$peer")/32" via 10.80.0.1
        done
    done
}

failing_setup() {
    local node
    reference_setup
    for node in "${lab_nodes[@]}"; do
        ip -n "${LAB_PREFIX}router" route add "$(node_address "$node")/32" dev eth0 mtu lock 1400
    done
}

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 6000
    serve in_pod "$pod_b" http "$pod_b" 8081 300
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 4 0.05
    step small-http client in_pod "$pod_a" get "$pod_b" 8081 4
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 3 600
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step full-size-ping all_pings in_pod "$pod_a" "$pod_b" 2 0.2 -s 1400
    step small-http-again client in_pod "$pod_a" get "$pod_b" 8081 4
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="http full-size-ping"

# Healthy both times; pods of three nodes reach a host behind a router, masqueraded as their nodes.
# shellcheck shell=bash disable=SC2034,SC2154

server=203.0.113.80

reference_plan() {
    LAB_NODES="cp w1 w2" LAB_NODE_ADDRESSES="192.168.122.10 192.168.122.21 192.168.122.22"
    LAB_CLUSTER_CIDR=10.244.0.0/16 LAB_POD_COUNTS="1 1 1" LAB_OUTSIDE=192.168.122.1
}
failing_plan() { reference_plan; }

reference_setup() { add_outside_host && add_far_host "$server" 1500; }
failing_setup() { reference_setup; }

reference_traffic() {
    local pod node number=0
    serve on_far - http "$server" 443 3000
    serve on_far - dns "$server" 53
    step node-to-node all_pings on_node cp "$(node_address w1)" 3 0.2
    for node in "${lab_nodes[@]}"; do
        pod=$(first_pod "$node")
        step "egress-$node" client in_pod "$pod" get "$server" 443 4
        step "lookup-$node" client in_pod "$pod" lookup "$server" 53 example.net "www$((number += 1)).example.net"
        step "ping-$node" all_pings in_pod "$pod" "$server" 3 0.1
    done
    step pod-to-pod all_pings in_pod "$(first_pod w1)" "$(first_pod w2)" 5 0.05
    step from-node client on_node w1 get "$server" 443 4
    step node-to-node-again all_pings on_node cp "$(node_address w1)" 3 0.2
}
failing_traffic() { reference_traffic; }

# The second of three nodes has no route to the first one's pods: requests arrive, answers do not.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="n1 n2 n3"
    LAB_NODE_ADDRESSES="192.168.8.31 192.168.8.32 192.168.8.33"
    LAB_POD_COUNTS="1 1 1"
}
failing_plan() { reference_plan; }

failing_setup() {
    ip -n "$LAB_PREFIX${lab_nodes[1]}" route delete "$(node_cidr "${lab_nodes[0]}")"
}

reference_traffic() {
    local a b c
    a=$(first_pod "${lab_nodes[0]}")
    b=$(first_pod "${lab_nodes[1]}")
    c=$(first_pod "${lab_nodes[2]}")
    serve in_pod "$b" http "$b" 8080 3000
    serve in_pod "$c" http "$c" 8080 3000
    serve in_pod "$b" echo "$b" 9000
    step node-to-node all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[1]}")" 3 0.2
    step pod-to-pod all_pings in_pod "$a" "$b" 5 0.05
    step http client in_pod "$a" get "$b" 8080 4
    step udp client in_pod "$a" datagrams "$b" 9000 3
    step first-to-third client in_pod "$a" get "$c" 8080 4
    step third-to-second client in_pod "$c" get "$b" 8080 4
    step second-to-third client in_pod "$b" get "$c" 8080 4
    step node-to-node-again all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[2]}")" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="pod-to-pod http udp"

# The second node's FORWARD chain answers TCP from flannel.1 with a reset; three nodes.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_NODES="master node worker" LAB_POD_COUNTS="1 2 1"; }
failing_plan() { reference_plan; }

failing_setup() {
    on_node "${lab_nodes[1]}" iptables -I FORWARD 1 -i "$LAB_TUNNEL" -p tcp --syn \
        -j REJECT --reject-with tcp-reset
}

reference_traffic() {
    local a b c
    a=$(first_pod "${lab_nodes[0]}")
    b=$(first_pod "${lab_nodes[1]}")
    c=$(first_pod "${lab_nodes[2]}")
    serve in_pod "$a" http "$a" 8080 3000
    serve in_pod "$b" http "$b" 8080 3000
    serve in_pod "$b" echo "$b" 9000
    step node-to-node all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[1]}")" 3 0.2
    step pod-to-pod all_pings in_pod "$a" "$b" 4 0.05
    step http client in_pod "$a" get "$b" 8080 4
    step http-from-third client in_pod "$c" get "$b" 8080 4
    step http-back client in_pod "$b" get "$a" 8080 4
    step udp client in_pod "$a" datagrams "$b" 9000 3
    step http-again client in_pod "$a" get "$b" 8080 4
    step node-to-node-again all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[2]}")" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="http http-from-third http-again"

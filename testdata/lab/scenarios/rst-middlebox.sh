# The second node's FORWARD chain answers TCP to a pod's port with a reset.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_POD_COUNTS="1 1"; }
failing_plan() { reference_plan; }

failing_setup() {
    on_node "${lab_nodes[1]}" iptables -I FORWARD 1 -p tcp --dport 8080 \
        -j REJECT --reject-with tcp-reset
}

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 1000
    serve in_pod "$pod_b" http "$pod_b" 8081 1000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 5 0.05
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 3
    step other-port client in_pod "$pod_a" get "$pod_b" 8081 4
    for try in 1 2 3 4; do
        step "http-$try" client in_pod "$pod_a" get "$pod_b" 8080 4
    done
}
failing_traffic() { reference_traffic; }

failing_broken="http-1 http-2 http-3 http-4"

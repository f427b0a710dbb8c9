# A node does not masquerade: its pods' own addresses leave it, and no answer finds the way back.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="blue green" LAB_POD_COUNTS="1 2" LAB_OUTSIDE=10.80.3.254
    LAB_NODE_ADDRESSES="10.80.3.1 10.80.3.2"
    LAB_CLUSTER_CIDR=10.217.0.0/16 LAB_POD_CIDRS="10.217.6.0/24 10.217.7.0/24"
}
failing_plan() { reference_plan; }

reference_setup() { add_outside_host; }

failing_setup() {
    add_outside_host
    on_node blue iptables -t nat -F FLANNEL-POSTRTG
}

reference_traffic() {
    local pod_a pod_b try
    pod_a=$(first_pod blue)
    pod_b=$(first_pod green)
    serve on_outside - http "$LAB_OUTSIDE" 443 1500
    serve on_outside - echo "$LAB_OUTSIDE" 123
    serve in_pod "$pod_b" http "$pod_b" 8080 1500
    step node-to-node all_pings on_node blue "$(node_address green)" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 4 0.05
    step pod-http client in_pod "$pod_a" get "$pod_b" 8080 4
    step egress-green client in_pod "$pod_b" get "$LAB_OUTSIDE" 443 4
    step egress-of-node client on_node blue get "$LAB_OUTSIDE" 443 4
    for try in 1 2; do step "egress-$try" client in_pod "$pod_a" get "$LAB_OUTSIDE" 443 3; done
    step egress-udp client in_pod "$pod_a" datagrams "$LAB_OUTSIDE" 123 4
    step egress-ping all_pings in_pod "$pod_a" "$LAB_OUTSIDE" 4 0.2
    step node-to-node-again all_pings on_node blue "$(node_address green)" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="egress-1 egress-2 egress-udp egress-ping"

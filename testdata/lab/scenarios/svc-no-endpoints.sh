# A service has no endpoints: kube-proxy rejects what is sent to it on the client's own node.
# shellcheck shell=bash disable=SC2034,SC2154

web=10.152.183.20
other=10.152.183.21

reference_plan() {
    LAB_NODES="edge1 edge2" LAB_POD_COUNTS="1 1" LAB_OUTSIDE=192.168.7.1
    LAB_NODE_ADDRESSES="192.168.7.101 192.168.7.102"
    LAB_CLUSTER_CIDR=10.1.0.0/16 LAB_POD_CIDRS="10.1.40.0/24 10.1.41.0/24"
}
failing_plan() { reference_plan; }

reference_setup() {
    add_outside_host
    add_kube_proxy
    add_service tcp "$other" 80 "$(first_pod edge2):8080"
    add_service tcp "$web" 80 "$(first_pod edge2):8080"
    add_service udp "$web" 8125 "$(first_pod edge2):9000"
}

failing_setup() {
    add_outside_host
    add_kube_proxy
    add_service tcp "$other" 80 "$(first_pod edge2):8080"
    add_empty_service tcp "$web" 80
    add_empty_service udp "$web" 8125
}

reference_traffic() {
    local pod_a pod_b try
    pod_a=$(first_pod edge1)
    pod_b=$(first_pod edge2)
    serve in_pod "$pod_b" http "$pod_b" 8080 1500
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node edge1 "$(node_address edge2)" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 4 0.05
    step other client in_pod "$pod_a" get "$other" 80 4
    for try in 1 2 3; do step "web-$try" client in_pod "$pod_a" get "$web" 80 4; done
    step datagrams client in_pod "$pod_a" datagrams "$web" 8125 4
    step node-to-node-again all_pings on_node edge1 "$(node_address edge2)" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="web-1 web-2 web-3 datagrams"

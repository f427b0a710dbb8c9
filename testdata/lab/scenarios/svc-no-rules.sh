# One node has no kube-proxy rules: what its pods send to a service leaves to the default gateway.
# shellcheck shell=bash disable=SC2034,SC2154

web=10.100.0.20
names=10.100.0.10

reference_plan() {
    LAB_NODES="east west" LAB_POD_COUNTS="1 2" LAB_OUTSIDE=10.7.0.1
    LAB_NODE_ADDRESSES="10.7.0.31 10.7.0.32"
    LAB_CLUSTER_CIDR=192.168.0.0/16 LAB_POD_CIDRS="192.168.64.0/24 192.168.65.0/24"
}
failing_plan() { reference_plan; }

reference_setup() {
    local pod
    pod=$(first_pod west)
    add_outside_host
    add_kube_proxy
    add_service tcp "$web" 80 "$pod:8080"
    add_service udp "$names" 53 "$pod:53"
}

failing_setup() {
    reference_setup
    forget_services east
}

reference_traffic() {
    local pod_a pod_b neighbor try
    pod_a=$(first_pod east)
    pod_b=$(first_pod west)
    neighbor=$(pods_of west | sed -n 2p)
    serve in_pod "$pod_b" http "$pod_b" 8080 1500
    serve in_pod "$pod_b" dns "$pod_b" 53
    serve on_outside - http "$LAB_OUTSIDE" 80 500
    step node-to-node all_pings on_node east "$(node_address west)" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 4 0.05
    step pod-http client in_pod "$pod_a" get "$pod_b" 8080 4
    step egress client in_pod "$pod_a" get "$LAB_OUTSIDE" 80 4
    step neighbor client in_pod "$neighbor" get "$web" 80 4
    step neighbor-dns client in_pod "$neighbor" lookup "$names" 53 web.default.svc.cluster.local
    for try in 1 2; do step "web-$try" client in_pod "$pod_a" get "$web" 80 3; done
    step dns client in_pod "$pod_a" lookup "$names" 53 web.default.svc.cluster.local example.net
    step node-to-node-again all_pings on_node east "$(node_address west)" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="web-1 web-2 dns"

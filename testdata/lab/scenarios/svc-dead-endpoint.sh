# One of a service's two endpoints is gone and kube-proxy still sends every second connection to it.
# shellcheck shell=bash disable=SC2034,SC2154

service=10.43.5.20

reference_plan() {
    LAB_NODES="cp-1 worker-a worker-b" LAB_POD_COUNTS="1 2 1"
    LAB_NODE_ADDRESSES="192.168.60.11 192.168.60.12 192.168.60.13"
    LAB_CLUSTER_CIDR=10.42.0.0/16 LAB_POD_CIDRS="10.42.0.0/24 10.42.1.0/24 10.42.2.0/24"
}
failing_plan() { reference_plan; }

gone() { first_pod worker-a; }
alive() { first_pod worker-b; }

reference_setup() {
    add_kube_proxy
    add_balanced_service tcp "$service" 80 "$(gone):8080" "$(alive):8080"
}

failing_setup() {
    reference_setup
    ip -n "${LAB_PREFIX}worker-a" link delete "$(veth_name "$(gone)")"
}

reference_traffic() {
    serve in_pod "$(gone)" http "$(gone)" 8080 1500
    failing_traffic
}

failing_traffic() {
    local client try
    client=$(first_pod cp-1)
    serve in_pod "$(alive)" http "$(alive)" 8080 1500
    step node-to-node all_pings on_node cp-1 "$(node_address worker-a)" 3 0.2
    step alive-ping all_pings in_pod "$client" "$(alive)" 5 0.05
    for try in 1 2 3 4 5 6; do
        step "cluster-ip-$try" client in_pod "$client" get "$service" 80 5
    done
    step node-to-node-again all_pings on_node cp-1 "$(node_address worker-a)" 3 0.2
}

failing_broken="cluster-ip-1 cluster-ip-3 cluster-ip-5"

# bridge-nf-call-iptables=0: a pod's answer to its neighbour is bridged and keeps the pod's address.
# shellcheck shell=bash disable=SC2034,SC2154

service=10.112.4.4

reference_plan() {
    LAB_NODES="hv1 hv2" LAB_POD_COUNTS="1 2"
    LAB_NODE_ADDRESSES="10.99.1.5 10.99.1.6"
    LAB_CLUSTER_CIDR=100.64.0.0/16 LAB_POD_CIDRS="100.64.16.0/24 100.64.17.0/24"
}
failing_plan() { reference_plan; }

reference_setup() {
    add_kube_proxy
    add_service tcp "$service" 80 "$(first_pod hv2):8080"
    add_service udp "$service" 53 "$(first_pod hv2):53"
}

failing_setup() {
    local node
    reference_setup
    for node in "${lab_nodes[@]}"; do
        on_node "$node" sysctl -qw net.bridge.bridge-nf-call-iptables=0
    done
}

reference_traffic() {
    local backend far near try
    backend=$(first_pod hv2)
    far=$(first_pod hv1)
    near=$(pods_of hv2 | sed -n 2p)
    serve in_pod "$backend" http "$backend" 8080 1500
    serve in_pod "$backend" dns "$backend" 53
    step node-to-node all_pings on_node hv1 "$(node_address hv2)" 3 0.2
    step same-node all_pings in_pod "$near" "$backend" 3 0.2
    step far client in_pod "$far" get "$service" 80 4
    step far-dns client in_pod "$far" lookup "$service" 53 example.net
    for try in 1 2; do step "near-$try" client in_pod "$near" get "$service" 80 3; done
    step near-dns client in_pod "$near" lookup "$service" 53 example.net example.org
    step node-to-node-again all_pings on_node hv1 "$(node_address hv2)" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="near-1 near-2 near-dns"

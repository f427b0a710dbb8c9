# A node forgets a tracked connection to a service; the next answer keeps the pod's address.
# shellcheck shell=bash disable=SC2034,SC2154

service=10.103.0.50

reference_plan() {
    LAB_NODES="kube-a kube-b" LAB_POD_COUNTS="1 1" LAB_OUTSIDE=10.10.4.1
    LAB_NODE_ADDRESSES="10.10.4.11 10.10.4.12"
    LAB_CLUSTER_CIDR=10.240.0.0/14 LAB_POD_CIDRS="10.240.1.0/24 10.240.2.0/24"
}
failing_plan() { reference_plan; }

reference_setup() {
    add_outside_host # a default route, where the client's last packets go without translation
    add_kube_proxy
    add_service tcp "$service" 5432 "$(first_pod kube-b):15432"
}
failing_setup() { reference_setup; }

nothing_happens() { :; }
reference_traffic() { stream_while nothing_happens; }
failing_traffic() { stream_while flush_conntrack; }

# stream_while COMMAND: called on the client's node in the middle of two of three downloads.
stream_while() {
    local client backend try
    client=$(first_pod kube-a)
    backend=$(first_pod kube-b)
    nat_serve in_pod "$backend" ticks "$backend" 15432 10 0.2
    step node-to-node all_pings on_node kube-a "$(node_address kube-b)" 3 0.2
    step undisturbed nat_peer in_pod "$client" read-ticks "$service" 5432 10 6
    for try in 1 2; do
        (sleep 0.9 && "$1" kube-a) &
        step "disturbed-$try" nat_peer in_pod "$client" read-ticks "$service" 5432 10 6
        wait $!
    done
    step undisturbed-again nat_peer in_pod "$client" read-ticks "$service" 5432 10 6
    step node-to-node-again all_pings on_node kube-a "$(node_address kube-b)" 3 0.2
}

failing_broken="disturbed-1 disturbed-2"

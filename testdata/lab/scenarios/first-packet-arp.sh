# Healthy both times; ARP between the nodes is slow, and of the first packets that wait for it some are dropped.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="tokyo osaka" LAB_NODE_ADDRESSES="10.81.0.1 10.81.0.2"
    LAB_CLUSTER_CIDR=10.244.0.0/16 LAB_POD_CIDRS="10.244.11.0/24 10.244.12.0/24" LAB_POD_COUNTS="1 1"
}
failing_plan() { reference_plan; }

# A packet that waits takes about a kilobyte of the kernel's queue: here only a few may.
reference_setup() {
    add_wire "${lab_nodes[0]}" --arp-delay 0.15
    on_node "${lab_nodes[0]}" sysctl -qw net.ipv4.neigh.eth0.unres_qlen_bytes=3000
}
failing_setup() { reference_setup; }

# The first thing between the nodes, so that nobody knows the other's address yet.
reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 3000
    step first all_pings in_pod "$pod_a" "$pod_b" 50 0.02 -s 24
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 10 0.05
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 5 0.05
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

reference_broken=first
failing_broken=first

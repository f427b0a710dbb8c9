# Healthy both times; datagrams to ports where nobody listens, and errors for a few of them only.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="alpha beta" LAB_NODE_ADDRESSES="10.7.0.10 10.7.0.11"
    LAB_CLUSTER_CIDR=10.96.0.0/12 LAB_POD_CIDRS="10.100.1.0/24 10.100.2.0/24" LAB_POD_COUNTS="1 2"
}
failing_plan() { reference_plan; }

# A pod's own kernel refuses what comes for a closed port, and limits how often it says so.
reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b neighbor
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    neighbor=$(pods_of "$b" | sed -n 2p)
    serve in_pod "$pod_b" http "$pod_b" 8080 1000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 3 0.1
    step closed client in_pod "$pod_a" send "$pod_b" 5140 60 80 0.01
    step closed-same-node client in_pod "$neighbor" send "$pod_b" 5140 30 80 0.01
    step closed-node client in_pod "$pod_a" send "$(node_address "$b")" 5141 30 80 0.01
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

# Some errors, and fewer than datagrams.
failing_check() {
    local errors
    errors=$(tcpdump -nr "$LAB_OUT/${lab_nodes[0]}/$(veth_name "$(first_pod "${lab_nodes[0]}")").pcap" \
        "icmp[0] == 3 and icmp[1] == 3 and src host $(first_pod "${lab_nodes[1]}")" 2>/dev/null | wc -l)
    ((errors > 0 && errors < 50)) || die "$errors errors for 60 datagrams"
}

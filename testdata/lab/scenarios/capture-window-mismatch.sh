# Healthy; the second node was captured only after the capture of the first one had ended.
# shellcheck shell=bash disable=SC2034,SC2154

LAB_SETS=failing

failing_plan() {
    LAB_NODES="mon-a mon-b" LAB_NODE_ADDRESSES="10.12.0.31 10.12.0.32"
    LAB_CLUSTER_CIDR=10.233.64.0/18 LAB_POD_CIDRS="10.233.64.0/24 10.233.65.0/24" LAB_POD_COUNTS="1 1"
}

failing_traffic() {
    short_traffic
    sleep 2
    between=$(date +%s)
    sleep 2
    second_round
}

# The servers of the first round still listen.
second_round() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    step pods all_pings in_pod "$pod_a" "$pod_b" 8 0.05
    step pods-back all_pings in_pod "$pod_b" "$pod_a" 5 0.05
    step http-2 client in_pod "$pod_a" get "$pod_b" 8080 4
    step udp-2 client in_pod "$pod_a" datagrams "$pod_b" 9000 5
    step nodes all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}

failing_derive() {
    local file
    for file in "$LAB_OUT/${lab_nodes[0]}"/*.pcap; do
        python3 "$LAB_DIR/cut_capture.py" "@$between" end "$file"
    done
    for file in "$LAB_OUT/${lab_nodes[1]}"/*.pcap; do
        python3 "$LAB_DIR/cut_capture.py" 0 "@$between" "$file"
    done
}

# Healthy; of three nodes one was captured later than the others and shares half a second with them.
# shellcheck shell=bash disable=SC2034,SC2154

LAB_SETS=failing

failing_plan() {
    LAB_NODES="n10 n11 n12" LAB_NODE_ADDRESSES="10.12.0.10 10.12.0.11 10.12.0.12"
    LAB_CLUSTER_CIDR=10.233.64.0/18 LAB_POD_CIDRS="10.233.70.0/24 10.233.71.0/24 10.233.72.0/24"
    LAB_POD_COUNTS="1 1 1"
}

failing_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} c=${lab_nodes[2]} pod_a pod_b pod_c round
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    pod_c=$(first_pod "$c")
    serve in_pod "$pod_b" http "$pod_b" 8080 1000
    serve in_pod "$pod_c" http "$pod_c" 8080 1000
    for round in 1 2; do
        step "nodes-$round" all_pings on_node "$a" "$(node_address "$b")" 3 0.1
        step "nodes-c-$round" all_pings on_node "$a" "$(node_address "$c")" 3 0.1
        step "pods-$round" all_pings in_pod "$pod_a" "$pod_b" 10 0.05
        step "pods-c-$round" all_pings in_pod "$pod_a" "$pod_c" 10 0.05
        step "http-$round" client in_pod "$pod_a" get "$pod_b" 8080 4
        step "http-c-$round" client in_pod "$pod_a" get "$pod_c" 8080 4
        step "c-to-b-$round" all_pings in_pod "$pod_c" "$pod_b" 10 0.05
        if ((round == 1)); then between=$(date +%s.%N); fi
    done
}

# @ takes microseconds.
failing_derive() {
    local file
    between=${between:0:17}
    for file in "$LAB_OUT/${lab_nodes[0]}"/*.pcap "$LAB_OUT/${lab_nodes[1]}"/*.pcap; do
        python3 "$LAB_DIR/cut_capture.py" "@$between" end "$file"
    done
    for file in "$LAB_OUT/${lab_nodes[2]}"/*.pcap; do
        python3 "$LAB_DIR/cut_capture.py" -60 "@$(before "$between" 0.5)" "$file"
    done
}

before() { python3 -c 'import sys; from decimal import Decimal as D; print(D(sys.argv[1]) - D(sys.argv[2]))' "$@"; }

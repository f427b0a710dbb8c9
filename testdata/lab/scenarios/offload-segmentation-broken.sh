# Super-packets leave the second node, and every third full-size segment made of them is lost.
# shellcheck shell=bash disable=SC2034,SC2154

# 160 bytes of each packet, to the end of the inner TCP header: the download is long.
reference_plan() {
    LAB_POD_COUNTS="1 1"
    LAB_TCPDUMP_OPTIONS="--immediate-mode -U -B 16384 -s 160"
}
failing_plan() { reference_plan; }

# The network card's part: a second switch behind a link that segments.
reference_setup() {
    local ns=${LAB_PREFIX}switch end port
    ip -n "$ns" link add br1 type bridge mcast_snooping 0
    ip -n "$ns" link set br1 up
    ip -n "$ns" link add card0 type veth peer name card1
    for end in card0 card1; do
        on_switch ethtool -K "$end" tso off gso off gro off \
            tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off
    done
    port=$(switch_port "${lab_nodes[1]}")
    ip -n "$ns" link set card0 master br0 up
    ip -n "$ns" link set card1 master br1 up
    ip -n "$ns" link set "$port" nomaster
    ip -n "$ns" link set "$port" master br1
}

failing_setup() {
    reference_setup
    switch_rules "iifname card0 udp dport $LAB_PORT udp length > 1400 \
            numgen inc mod 3 == 2 counter drop"
}

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 80000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 20 0.02
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 10 600
    step http client in_pod "$pod_a" get "$pod_b" 8080 30
    step pod-to-pod-back all_pings in_pod "$pod_b" "$pod_a" 10 0.02
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

# Dual stack; the underlay lets UDP 8472 pass over IPv4 and not over IPv6.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=ipv6.sh
source "$LAB_DIR/scenarios/ipv6.sh"

reference_plan() { LAB_NODES="zeus hera" LAB_POD_MTU=1430 LAB_HTTP_BYTES=4000; }
failing_plan() { reference_plan; }

# A security group with rules for IPv4 alone, and ICMPv6 as everywhere.
failing_setup() {
    reference_setup
    switch_rules "ip6 nexthdr udp counter drop"
}

reference_traffic() {
    local a b a6 b6
    a=$(first_pod "${lab_nodes[0]}")
    b=$(first_pod "${lab_nodes[1]}")
    a6=$(pod6 "$a") b6=$(pod6 "$b")
    serve in_pod "$b" http "$b6" 8080 "$LAB_HTTP_BYTES"
    serve in_pod "$b" http "$b" 8080 "$LAB_HTTP_BYTES"
    serve in_pod "$b" echo "$b6" 9000
    step node-to-node all_pings on_node "${lab_nodes[0]}" "$(node6 "${lab_nodes[1]}")" 3 0.2
    step ipv4-node-to-node all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[1]}")" 3 0.2
    step pod-to-pod all_pings in_pod "$a" "$b6" 6 0.05
    step ipv4-pod-to-pod all_pings in_pod "$a" "$b" 6 0.05
    step pod-to-pod-back all_pings in_pod "$b" "$a6" 4 0.05
    step ipv4-back all_pings in_pod "$b" "$a" 4 0.05
    step http client in_pod "$a" get "$b6" 8080 3
    step ipv4-http client in_pod "$a" get "$b" 8080 3
    step udp client in_pod "$a" datagrams "$b6" 9000 3
    step node-to-node-again all_pings on_node "${lab_nodes[0]}" "$(node6 "${lab_nodes[1]}")" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="pod-to-pod pod-to-pod-back http udp"

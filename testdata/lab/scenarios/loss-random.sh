# The underlay loses one VXLAN packet in five, at random, from the first node to the second.
# shellcheck shell=bash disable=SC2034,SC2154

failing_setup() {
    switch_rules "iifname $(switch_port "${lab_nodes[0]}") udp dport $LAB_PORT \
            numgen random mod 100 < 20 counter drop"
}

# Enough pings that some are lost for certain, and enough time for TCP to repair itself.
reference_traffic() {
    local a b
    a=$(pods_of "${lab_nodes[0]}" | sed -n 1p)
    b=$(pods_of "${lab_nodes[1]}" | sed -n 1p)
    serve in_pod "$b" http "$b" 8080 9000
    step node-to-node all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[1]}")" 20 0.05
    step pod-to-remote-node all_pings in_pod "$a" "$(node_address "${lab_nodes[1]}")" 20 0.05
    step same-node all_pings in_pod "$b" "$(pods_of "${lab_nodes[1]}" | sed -n 2p)" 3 0.2
    step pod-to-pod all_pings in_pod "$a" "$b" 40 0.02
    step pod-to-pod-back all_pings in_pod "$b" "$a" 40 0.02
    step http client in_pod "$a" get "$b" 8080 20
}
failing_traffic() { reference_traffic; }

failing_broken="pod-to-pod pod-to-pod-back"

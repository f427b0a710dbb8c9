# Both nodes published the same address, so each one's FDB maps its peer's VTEP to itself.
# shellcheck shell=bash disable=SC2034,SC2154

failing_setup() {
    local node peer
    for node in "${lab_nodes[@]}"; do
        for peer in "${lab_nodes[@]}"; do
            if [[ $node == "$peer" ]]; then continue; fi
            bridge -n "$LAB_PREFIX$node" fdb replace "$(vtep_mac "$peer")" dev "$LAB_TUNNEL" \
                dst "$(node_address "$node")"
        done
    done
}

# Little: a packet that goes round is in flannel.1's file sixty times.
reference_traffic() {
    local a b
    a=$(pods_of "${lab_nodes[0]}" | sed -n 1p)
    b=$(pods_of "${lab_nodes[1]}" | sed -n 1p)
    serve in_pod "$b" http "$b" 8080 3000
    step node-to-node all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[1]}")" 3 0.2
    step pod-to-remote-node all_pings in_pod "$a" "$(node_address "${lab_nodes[1]}")" 3 0.2
    step same-node all_pings in_pod "$b" "$(pods_of "${lab_nodes[1]}" | sed -n 2p)" 3 0.2
    step pod-to-pod all_pings in_pod "$a" "$b" 2 0.2
    step pod-to-pod-back all_pings in_pod "$b" "$a" 2 0.2
    step http client in_pod "$a" get "$b" 8080 1.5
}
failing_traffic() { reference_traffic; }

failing_broken="pod-to-pod pod-to-pod-back http"

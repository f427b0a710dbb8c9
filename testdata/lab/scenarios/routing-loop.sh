# The second node routes its own pods' network back to the first one.
# shellcheck shell=bash disable=SC2034,SC2154

failing_setup() {
    local node=${lab_nodes[1]} cidr
    cidr=$(node_cidr "$node")
    ip -n "$LAB_PREFIX$node" route delete "$cidr" dev cni0
    ip -n "$LAB_PREFIX$node" route add "$cidr" via "$(vtep_address "${lab_nodes[0]}")" \
        dev "$LAB_TUNNEL" onlink
}

# Little: a packet that loops is in eth0's file sixty times.
reference_traffic() {
    local a b
    a=$(pods_of "${lab_nodes[0]}" | sed -n 1p)
    b=$(pods_of "${lab_nodes[1]}" | sed -n 1p)
    serve in_pod "$b" http "$b" 8080 3000
    step node-to-node all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[1]}")" 3 0.2
    step pod-to-remote-node all_pings in_pod "$a" "$(node_address "${lab_nodes[1]}")" 3 0.2
    step same-node all_pings in_pod "$b" "$(pods_of "${lab_nodes[1]}" | sed -n 2p)" 3 0.2
    step pod-to-pod all_pings in_pod "$a" "$b" 2 0.2
    step pod-to-pod-back all_pings in_pod "$b" "$a" 1 0.2
    step http client in_pod "$a" get "$b" 8080 0.8
}
failing_traffic() { reference_traffic; }

failing_broken="pod-to-pod pod-to-pod-back http"

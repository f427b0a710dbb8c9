# Another machine on the nodes' network has the second node's address.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="kube-1 kube-2"
    LAB_NODE_ADDRESSES="192.168.178.31 192.168.178.32"
}
failing_plan() { reference_plan; }

failing_setup() {
    local ns=${LAB_PREFIX}other
    add_namespace "$ns"
    add_machine_port "$ns" eth0 br0 "$(node_address kube-2)/24" 52:54:00:66:66:66
}

# Whoever of the two spoke last is whom kube-1 believes: the other machine as it answers first,
# kube-2 as it asks for kube-1, then the other machine again as it does the same.
reference_traffic() {
    local a b pod_a pod_b
    a=$(node_address kube-1)
    b=$(node_address kube-2)
    pod_a=$(first_pod kube-1)
    pod_b=$(first_pod kube-2)
    serve in_pod "$pod_b" http "$pod_b" 8080 3000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    serve on_node kube-1 http "$a" 6443 200
    step node-to-node all_pings on_node kube-1 "$b" 3 0.2
    step same-node all_pings in_pod "$pod_b" "$(pods_of kube-2 | sed -n 2p)" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 6 0.05
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 3
    ip -n "${LAB_PREFIX}kube-2" neigh flush dev eth0 # as time does
    step node-tcp-back client on_node kube-2 get "$a" 6443 4
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    other_machine_asks
    step http-again client in_pod "$pod_a" get "$pod_b" 8080 4
    step udp-again client in_pod "$pod_a" datagrams "$pod_b" 9000 3
    step pod-to-pod-again all_pings in_pod "$pod_a" "$pod_b" 6 0.05
}

other_machine_asks() {
    if [[ -e /run/netns/${LAB_PREFIX}other ]]; then
        ip -n "${LAB_PREFIX}other" neigh flush dev eth0
        ip netns exec "${LAB_PREFIX}other" ping -n -q -c 1 -W 1 "$(node_address kube-1)" >/dev/null
    fi
}

failing_traffic() { reference_traffic; }

failing_broken="pod-to-pod udp http-again udp-again pod-to-pod-again"

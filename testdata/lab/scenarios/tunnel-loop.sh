# The first node and a third one route the second node's pods' network to each other.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_NODES="master node worker" LAB_POD_COUNTS="1 2 1"; }
failing_plan() { reference_plan; }

failing_setup() {
    local a=${lab_nodes[0]} c=${lab_nodes[2]} cidr
    cidr=$(node_cidr "${lab_nodes[1]}")
    ip -n "$LAB_PREFIX$a" route replace "$cidr" via "$(vtep_address "$c")" dev "$LAB_TUNNEL" onlink
    ip -n "$LAB_PREFIX$c" route replace "$cidr" via "$(vtep_address "$a")" dev "$LAB_TUNNEL" onlink
}

# Little: a packet that goes round is in eth0's file sixty times.
reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 1000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-remote-node all_pings in_pod "$pod_a" "$(node_address "$b")" 3 0.2
    step same-node all_pings in_pod "$pod_b" "$(pods_of "$b" | sed -n 2p)" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 2 0.2
    step http client in_pod "$pod_a" get "$pod_b" 8080 0.8
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="pod-to-pod http"

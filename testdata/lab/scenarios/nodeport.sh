# Healthy both times; an outside host calls a NodePort on one node, the backend is on the other.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_POD_COUNTS="1 1"; }
failing_plan() { reference_plan; }

reference_setup() {
    local pod
    pod=$(first_pod "${lab_nodes[1]}")
    add_outside_host
    add_kube_proxy
    add_node_port tcp 30080 "$pod:8080"
    add_node_port udp 30090 "$pod:9000"
}
failing_setup() { reference_setup; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_b
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 3000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step node-port client on_outside - get "$(node_address "$a")" 30080 4
    step node-port-again client on_outside - get "$(node_address "$a")" 30080 4
    step node-port-udp client on_outside - datagrams "$(node_address "$a")" 30090 5
}
failing_traffic() { reference_traffic; }

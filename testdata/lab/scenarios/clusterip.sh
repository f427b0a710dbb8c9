# Healthy both times; a pod calls a ClusterIP, TCP and UDP, whose backend is on the other node.
# shellcheck shell=bash disable=SC2034,SC2154

service=10.96.0.20

reference_plan() { LAB_POD_COUNTS="1 1"; }
failing_plan() { reference_plan; }

reference_setup() {
    local pod
    pod=$(first_pod "${lab_nodes[1]}")
    add_kube_proxy
    add_service tcp "$service" 80 "$pod:8080"
    add_service udp "$service" 90 "$pod:9000"
}
failing_setup() { reference_setup; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 3000
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step cluster-ip client in_pod "$pod_a" get "$service" 80 4
    step cluster-ip-again client in_pod "$pod_a" get "$service" 80 4
    step cluster-ip-udp client in_pod "$pod_a" datagrams "$service" 90 5
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

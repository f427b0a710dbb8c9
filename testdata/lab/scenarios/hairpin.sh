# Healthy both times; a pod reaches itself and its neighbour through a ClusterIP, on one bridge.
# shellcheck shell=bash disable=SC2034,SC2154

service=10.96.0.20
neighbor_service=10.96.0.21

reference_setup() {
    local pod neighbor
    pod=$(first_pod "${lab_nodes[1]}")
    neighbor=$(pods_of "${lab_nodes[1]}" | sed -n 2p)
    add_kube_proxy
    add_service tcp "$service" 80 "$pod:8080"
    add_service udp "$service" 90 "$pod:9000"
    add_service tcp "$neighbor_service" 80 "$neighbor:8080"
    add_service udp "$neighbor_service" 90 "$neighbor:9000"
}
failing_setup() { reference_setup; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b neighbor pod
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    neighbor=$(pods_of "$b" | sed -n 2p)
    for pod in "$pod_b" "$neighbor"; do
        serve in_pod "$pod" http "$pod" 8080 3000
        serve in_pod "$pod" echo "$pod" 9000
    done
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 3 0.2
    step itself client in_pod "$pod_b" get "$service" 80 4
    step itself-udp client in_pod "$pod_b" datagrams "$service" 90 3
    step neighbor client in_pod "$pod_b" get "$neighbor_service" 80 4
    step neighbor-udp client in_pod "$pod_b" datagrams "$neighbor_service" 90 3
}
failing_traffic() { reference_traffic; }

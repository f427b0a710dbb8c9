# Healthy both times; ClusterIP, DNS, NodePort from outside and masquerade to an outside host.
# shellcheck shell=bash disable=SC2034,SC2154

web_service=10.96.0.20
dns_service=10.96.0.10
node_port=30080

# One endpoint each, on the second node.
reference_setup() {
    local pod
    pod=$(first_pod "${lab_nodes[1]}")
    add_outside_host
    add_kube_proxy
    add_service tcp "$web_service" 80 "$pod:8080"
    add_service udp "$dns_service" 53 "$pod:53"
    add_node_port tcp "$node_port" "$pod:8080"
}
failing_setup() { reference_setup; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b neighbor
    pod_a=$(pods_of "$a" | sed -n 1p)
    pod_b=$(pods_of "$b" | sed -n 1p)
    neighbor=$(pods_of "$b" | sed -n 2p)
    serve in_pod "$pod_b" http "$pod_b" 8080 5000
    serve in_pod "$pod_b" dns "$pod_b" 53
    serve on_outside - http "$LAB_OUTSIDE" 80 1500
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step same-node all_pings in_pod "$pod_b" "$neighbor" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 5 0.05
    step dns client in_pod "$pod_a" lookup "$dns_service" 53 web.default.svc.cluster.local example.net
    step cluster-ip client in_pod "$pod_a" get "$web_service" 80 4
    step cluster-ip-same-node client in_pod "$neighbor" get "$web_service" 80 4
    step cluster-ip-from-node client on_node "$a" get "$web_service" 80 4
    step node-port client on_outside - get "$(node_address "$a")" "$node_port" 4
    step egress client in_pod "$pod_a" get "$LAB_OUTSIDE" 80 4
    step egress-ping all_pings in_pod "$neighbor" "$LAB_OUTSIDE" 3 0.2
}
failing_traffic() { reference_traffic; }

# Pods have MTU 1500 above a tunnel of 1450; the nodes say so by ICMP, and the pods obey.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="kube1 kube2"
    LAB_NODE_ADDRESSES="192.168.10.101 192.168.10.102"
    LAB_CLUSTER_CIDR=10.32.0.0/12
    LAB_POD_CIDRS="10.32.5.0/24 10.32.6.0/24"
    LAB_POD_COUNTS="1 1"
}
failing_plan() { reference_plan; }

pods_mtu_1500() {
    local pod node
    for pod in $LAB_PODS; do
        node=${pod%%:*}
        ip -n "${LAB_PREFIX}pod-${pod#*:}" link set eth0 mtu 1500
        ip -n "$LAB_PREFIX$node" link set "$(veth_name "${pod#*:}")" mtu 1500
    done
    for node in "${lab_nodes[@]}"; do ip -n "$LAB_PREFIX$node" link set cni0 mtu 1500; done
}

failing_setup() { pods_mtu_1500; }

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 5000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 4 0.05
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step http-again client in_pod "$pod_a" get "$pod_b" 8080 4
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

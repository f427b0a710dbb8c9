# Calico's links; pods have MTU 1500 above a tunnel of 1450, and the nodes send no ICMP about it.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=../calico.sh
source "$LAB_DIR/calico.sh"

reference_plan() {
    calico_plan
    LAB_OUTSIDE=192.168.10.1
    LAB_NODES="kube1 kube2"
    LAB_NODE_ADDRESSES="192.168.10.101 192.168.10.102"
    LAB_CLUSTER_CIDR=10.32.0.0/12
    LAB_POD_CIDRS="10.32.5.0/26 10.32.6.64/26"
    LAB_POD_COUNTS="1 1"
}
failing_plan() { reference_plan; }

reference_setup() { add_outside_host && route_pods; }

failing_setup() {
    local pod node
    add_outside_host
    route_pods
    for pod in $LAB_PODS; do
        node=${pod%%:*}
        ip -n "${LAB_PREFIX}pod-${pod#*:}" link set eth0 mtu 1500
        ip -n "$LAB_PREFIX$node" link set "$(cali_name "${pod#*:}")" mtu 1500
        on_node "$node" iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP
    done
}

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b
    pod_a=$(first_pod "$a")
    pod_b=$(first_pod "$b")
    serve in_pod "$pod_b" http "$pod_b" 8080 12000
    serve in_pod "$pod_b" http "$pod_b" 8081 300
    serve in_pod "$pod_b" echo "$pod_b" 9000
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 4 0.05
    step small-http client in_pod "$pod_a" get "$pod_b" 8081 4
    step udp client in_pod "$pod_a" datagrams "$pod_b" 9000 3 600
    step http client in_pod "$pod_a" get "$pod_b" 8080 4
    step small-http-again client in_pod "$pod_a" get "$pod_b" 8081 4
    step node-to-node-again all_pings on_node "$a" "$(node_address "$b")" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="http"

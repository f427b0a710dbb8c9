# Healthy both times; ClusterIP, DNS, NodePort from outside and masquerade to an outside host.
# shellcheck shell=bash disable=SC2034,SC2154

outside=10.33.188.200
web_service=10.96.0.20
dns_service=10.96.0.10
node_port=30080

reference_setup() {
    local node
    add_outside_host
    for node in "${lab_nodes[@]}"; do
        ip -n "$LAB_PREFIX$node" route add default via "$outside"
        add_service_rules "$node"
    done
}
failing_setup() { reference_setup; }

on_outside() { ip netns exec "${LAB_PREFIX}outside" "${@:2}"; }

# A machine on the nodes' network that is no node: their default route, though it forwards nothing.
add_outside_host() {
    local ns=${LAB_PREFIX}outside
    add_namespace "$ns"
    ip link add eth0 netns "$ns" address 52:54:00:21:bc:c8 \
        type veth peer name port9 netns "${LAB_PREFIX}switch"
    ip -n "${LAB_PREFIX}switch" link set port9 master br0 up
    ip -n "$ns" address add "$outside/$LAB_UNDERLAY_PREFIX" dev eth0
    ip -n "$ns" link set eth0 up
}

# kube-proxy's rules in short: one endpoint each, on the second node.
add_service_rules() {
    local pod
    pod=$(pods_of "${lab_nodes[1]}" | sed -n 1p)
    on_node "$1" iptables-restore --noflush <<RULES
*nat
:KUBE-SERVICES - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A OUTPUT -j KUBE-SERVICES
-I POSTROUTING 1 -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -j MASQUERADE --random-fully
-A KUBE-SERVICES ! -s $LAB_CLUSTER_CIDR -d $web_service/32 -p tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SERVICES -d $web_service/32 -p tcp --dport 80 -j DNAT --to-destination $pod:8080
-A KUBE-SERVICES ! -s $LAB_CLUSTER_CIDR -d $dns_service/32 -p udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SERVICES -d $dns_service/32 -p udp --dport 53 -j DNAT --to-destination $pod:53
-A KUBE-SERVICES -p tcp --dport $node_port -m addrtype --dst-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-SERVICES -p tcp --dport $node_port -m addrtype --dst-type LOCAL -j DNAT --to-destination $pod:8080
COMMIT
RULES
}

reference_traffic() {
    local a=${lab_nodes[0]} b=${lab_nodes[1]} pod_a pod_b neighbor
    pod_a=$(pods_of "$a" | sed -n 1p)
    pod_b=$(pods_of "$b" | sed -n 1p)
    neighbor=$(pods_of "$b" | sed -n 2p)
    serve in_pod "$pod_b" http "$pod_b" 8080 5000
    serve in_pod "$pod_b" dns "$pod_b" 53
    serve on_outside - http "$outside" 80 1500
    step node-to-node all_pings on_node "$a" "$(node_address "$b")" 3 0.2
    step same-node all_pings in_pod "$pod_b" "$neighbor" 3 0.2
    step pod-to-pod all_pings in_pod "$pod_a" "$pod_b" 5 0.05
    step dns client in_pod "$pod_a" lookup "$dns_service" 53 web.default.svc.cluster.local example.net
    step cluster-ip client in_pod "$pod_a" get "$web_service" 80 4
    step cluster-ip-same-node client in_pod "$neighbor" get "$web_service" 80 4
    step cluster-ip-from-node client on_node "$a" get "$web_service" 80 4
    step node-port client on_outside - get "$(node_address "$a")" "$node_port" 4
    step egress client in_pod "$pod_a" get "$outside" 80 4
    step egress-ping all_pings in_pod "$neighbor" "$outside" 3 0.2
}
failing_traffic() { reference_traffic; }

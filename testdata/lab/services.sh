# shellcheck shell=bash disable=SC2154  # lab_nodes comes from topology_defaults
# A host outside the cluster and kube-proxy's rules, for scenarios that need them.
# Sourced by lab.sh; nothing here is built unless a scenario's setup asks for it.

: "${LAB_OUTSIDE:=10.33.188.200}"

on_outside() { ip netns exec "${LAB_PREFIX}outside" "${@:2}"; }

first_pod() { pods_of "$1" | sed -n 1p; }

# A machine on the nodes' network that is no node: their default route, though it forwards nothing.
add_outside_host() {
    local ns=${LAB_PREFIX}outside node
    add_namespace "$ns"
    ip link add eth0 netns "$ns" address 52:54:00:21:bc:c8 \
        type veth peer name port9 netns "${LAB_PREFIX}switch"
    ip -n "${LAB_PREFIX}switch" link set port9 master br0 up
    ip -n "$ns" address add "$LAB_OUTSIDE/$LAB_UNDERLAY_PREFIX" dev eth0
    ip -n "$ns" link set eth0 up
    for node in "${lab_nodes[@]}"; do
        ip -n "$LAB_PREFIX$node" route add default via "$LAB_OUTSIDE"
    done
}

# kube-proxy's chains in short, on every node; add_service and add_node_port fill them.
add_kube_proxy() {
    local node
    for node in "${lab_nodes[@]}"; do
        on_node "$node" iptables-restore --noflush <<RULES
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
COMMIT
RULES
    done
}

# add_service PROTOCOL ADDRESS PORT POD:PORT: what comes from no pod, or from the endpoint
# itself, is masqueraded.
add_service() {
    service_rule "$1" "! -s $LAB_CLUSTER_CIDR -d $2/32" "$3" KUBE-MARK-MASQ
    service_rule "$1" "-s ${4%:*}/32 -d $2/32" "$3" KUBE-MARK-MASQ
    service_rule "$1" "-d $2/32" "$3" "DNAT --to-destination $4"
}

# add_node_port PROTOCOL PORT POD:PORT
add_node_port() {
    service_rule "$1" "-m addrtype --dst-type LOCAL" "$2" KUBE-MARK-MASQ
    service_rule "$1" "-m addrtype --dst-type LOCAL" "$2" "DNAT --to-destination $3"
}

# add_balanced_service PROTOCOL ADDRESS PORT POD:PORT…: in turn, where kube-proxy draws lots, so that a
# recording is the same each time.
add_balanced_service() {
    local protocol=$1 address=$2 port=$3 left
    shift 3
    service_rule "$protocol" "! -s $LAB_CLUSTER_CIDR -d $address/32" "$port" KUBE-MARK-MASQ
    for ((left = $#; left > 0; left--)); do
        service_rule "$protocol" "-d $address/32 -m statistic --mode nth --every $left --packet 0" \
            "$port" "DNAT --to-destination $1"
        shift
    done
}

# add_empty_service PROTOCOL ADDRESS PORT: what kube-proxy does for a Service without endpoints.
add_empty_service() {
    local node chain
    for node in "${lab_nodes[@]}"; do
        for chain in FORWARD OUTPUT; do
            on_node "$node" iptables -I "$chain" 1 -d "$2/32" -p "$1" --dport "$3" \
                -j REJECT --reject-with icmp-port-unreachable
        done
    done
}

forget_services() { on_node "$1" iptables -t nat -F KUBE-SERVICES; }

# `conntrack -F` on a node.
flush_conntrack() { nat_peer on_node "$1" flush-conntrack; }

service_rule() {
    local node
    for node in "${lab_nodes[@]}"; do
        # shellcheck disable=SC2086  # a match and a target are several words
        on_node "$node" iptables -t nat -A KUBE-SERVICES $2 -p "$1" --dport "$3" -j $4
    done
}

# add_gateway ADDRESS: a router with one leg on the nodes' network, silent about shorter ways.
add_gateway() {
    local ns=${LAB_PREFIX}router
    add_namespace "$ns"
    ip link add eth0 netns "$ns" address 52:54:00:fe:00:01 \
        type veth peer name port8 netns "${LAB_PREFIX}switch"
    ip -n "${LAB_PREFIX}switch" link set port8 master br0 up
    ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
        net.ipv4.conf.eth0.send_redirects=0 net.ipv4.conf.all.rp_filter=0
    ip -n "$ns" address add "$1/$LAB_UNDERLAY_PREFIX" dev eth0
    ip -n "$ns" link set eth0 up
}

on_far() { ip netns exec "${LAB_PREFIX}far" "${@:2}"; }

# add_far_host ADDRESS MTU: a host behind the outside one, which becomes a router for it.
add_far_host() {
    local ns=${LAB_PREFIX}far out=${LAB_PREFIX}outside
    add_namespace "$ns"
    ip link add eth0 netns "$ns" mtu "$2" address 52:54:00:0f:a1:01 \
        type veth peer name eth1 netns "$out" mtu "$2"
    ip -n "$ns" address add "$1/24" dev eth0
    ip -n "$ns" link set eth0 up
    ip -n "$out" address add "${1%.*}.1/24" dev eth1
    ip -n "$out" link set eth1 up
    ip -n "$ns" route add default via "${1%.*}.1"
    on_outside - sysctl -qw net.ipv4.ip_forward=1
}

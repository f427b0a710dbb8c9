# Healthy both times; dual stack: flannel-v6.1 over an IPv6 underlay beside flannel.1, mostly IPv6.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_POD_MTU=1430 LAB_HTTP_BYTES=8000; }
failing_plan() { reference_plan; }

# What flannel does with EnableIPv6: a second device with the same VNI and port on the nodes'
# IPv6 addresses, 20 bytes less MTU, permanent neighbours and FDB entries as for IPv4.
reference_setup() {
    local node peer pod
    for node in "${lab_nodes[@]}"; do enable_ipv6 on_node "$node" eth0 cni0; done
    for pod in $LAB_PODS; do enable_ipv6 in_pod "${pod#*:}" eth0; done
    for node in "${lab_nodes[@]}"; do add_node6 "$node"; done
    for node in "${lab_nodes[@]}"; do
        for peer in "${lab_nodes[@]}"; do
            if [[ $node != "$peer" ]]; then add_peer6 "$node" "$peer"; fi
        done
        for pod in $(pods_of "$node"); do add_pod6 "$node" "$pod"; done
    done
    sleep 3 # duplicate address detection and the first router solicitations
}
failing_setup() { reference_setup; }

# Where the nodes' and the pods' IPv6 addresses are from: what stands before the last or the last two words of one.
nodes6() { echo "${LAB_NODES6:-fd33:188:}"; }
pods6() { echo "${LAB_PODS6:-fd44:244:0}"; }

number6() { echo $(($(node_index "$1") + 1)); }
node6() { echo "$(nodes6):$(number6 "$1")"; }
network6() { echo "$(pods6):$(number6 "$1")"; }
vtep6() { echo "$(network6 "$1")::"; }
pod6() { echo "$(pods6):$(number6 "$(node_of "$1")")::${1##*.}"; }
vtep_mac6() { echo "0e:f6:00:00:00:0$(number6 "$1")"; }

node_of() {
    local pod
    for pod in $LAB_PODS; do
        if [[ ${pod#*:} == "$1" ]]; then echo "${pod%%:*}"; fi
    done
}

# enable_ipv6 on_node|in_pod WHERE INTERFACE…
enable_ipv6() {
    local place=$1 where=$2 interface
    shift 2
    "$place" "$where" sysctl -qw net.ipv6.conf.default.disable_ipv6=0 \
        net.ipv6.conf.lo.disable_ipv6=0
    for interface in "$@"; do
        "$place" "$where" sysctl -qw "net.ipv6.conf.$interface.disable_ipv6=0"
    done
}

add_node6() {
    local node=$1 ns=$LAB_PREFIX$1
    on_node "$node" sysctl -qw net.ipv6.conf.all.forwarding=1
    on_node "$node" sysctl -qw net.bridge.bridge-nf-call-ip6tables=1 2>/dev/null || true
    ip -n "$ns" address add "$(node6 "$node")/64" dev eth0 nodad
    ip -n "$ns" link add "flannel-v6.$LAB_VNI" address "$(vtep_mac6 "$node")" mtu 1430 type vxlan id "$LAB_VNI" \
        dev eth0 local "$(node6 "$node")" dstport "$LAB_PORT" nolearning udp6zerocsumrx
    ip -n "$ns" address add "$(vtep6 "$node")/128" dev "flannel-v6.$LAB_VNI" nodad
    ip -n "$ns" link set "flannel-v6.$LAB_VNI" up
    ip -n "$ns" address add "$(network6 "$node")::1/64" dev cni0 nodad
    on_node "$node" ip6tables-restore --noflush <<RULES
*nat
-A POSTROUTING -s $(pods6)::/48 -d $(pods6)::/48 -j RETURN
-A POSTROUTING -s $(pods6)::/48 ! -d ff00::/8 -j MASQUERADE --random-fully
COMMIT
*filter
-A FORWARD -s $(pods6)::/48 -j ACCEPT
-A FORWARD -d $(pods6)::/48 -j ACCEPT
COMMIT
RULES
}

add_peer6() {
    local node=$1 peer=$2 ns=$LAB_PREFIX$1
    ip -n "$ns" neigh replace "$(vtep6 "$peer")" lladdr "$(vtep_mac6 "$peer")" \
        dev "flannel-v6.$LAB_VNI" nud permanent
    bridge -n "$ns" fdb append "$(vtep_mac6 "$peer")" dev "flannel-v6.$LAB_VNI" dst "$(node6 "$peer")"
    ip -n "$ns" route replace "$(network6 "$peer")::/64" via "$(vtep6 "$peer")" \
        dev "flannel-v6.$LAB_VNI" onlink
}

add_pod6() {
    local ns=${LAB_PREFIX}pod-$2
    ip -n "$ns" address add "$(pod6 "$2")/64" dev eth0 nodad
    ip -n "$ns" route add default via "$(network6 "$1")::1"
}

reference_traffic() {
    local a b neighbor a6 b6
    a=$(pods_of "${lab_nodes[0]}" | sed -n 1p)
    b=$(pods_of "${lab_nodes[1]}" | sed -n 1p)
    neighbor=$(pods_of "${lab_nodes[1]}" | sed -n 2p)
    a6=$(pod6 "$a") b6=$(pod6 "$b")
    serve in_pod "$b" http "$b6" 8080 "$LAB_HTTP_BYTES"
    serve in_pod "$b" echo "$b6" 9000
    step node-to-node all_pings on_node "${lab_nodes[0]}" "$(node6 "${lab_nodes[1]}")" 3 0.2
    step pod-to-remote-node all_pings in_pod "$a" "$(node6 "${lab_nodes[1]}")" 3 0.2
    step same-node all_pings in_pod "$b" "$(pod6 "$neighbor")" 3 0.2
    step pod-to-pod all_pings in_pod "$a" "$b6" 10 0.05
    step pod-to-pod-back all_pings in_pod "$b" "$a6" 5 0.05
    step large-ping all_pings in_pod "$a" "$b6" 2 0.2 -s 4000
    step http client in_pod "$a" get "$b6" 8080 4
    step udp client in_pod "$a" datagrams "$b6" 9000 5
    step ipv4-pod-to-pod all_pings in_pod "$a" "$b" 5 0.05
    step ipv4-node-to-node all_pings on_node "${lab_nodes[0]}" "$(node_address "${lab_nodes[1]}")" 3 0.2
}
failing_traffic() { reference_traffic; }

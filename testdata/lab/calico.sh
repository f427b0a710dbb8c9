# shellcheck shell=bash disable=SC2154  # lab_nodes comes from topology_defaults
# Pods as Calico links them: no bridge, each pod's veth routed. Sourced by the scenarios that want it.
#
#   pod eth0 -- cali… vxlan.calico eth0 -- switch -- eth0 vxlan.calico cali… -- pod eth0

# In a plan: Calico's device, VNI and port.
calico_plan() {
    : "${LAB_TUNNEL:=vxlan.calico}" "${LAB_VNI:=4096}" "${LAB_PORT:=4789}"
}

# "cali" and eleven hexadecimal digits, as Calico hashes a pod's name.
cali_name() { printf 'cali%s' "$(printf '%s' "$1" | sha1sum | cut -c1-11)"; }

# In a setup: takes the pods off cni0 and routes each by its own link, with proxy ARP for the one
# gateway 169.254.1.1 of them all. The kernel answers for what it has a route to: add_outside_host
# gives the nodes a default route.
route_pods() {
    local node pod ns host_side
    for node in "${lab_nodes[@]}"; do
        ns=$LAB_PREFIX$node
        for pod in $(pods_of "$node"); do
            host_side=$(cali_name "$pod")
            ip -n "$ns" link set "$(veth_name "$pod")" down
            ip -n "$ns" link set "$(veth_name "$pod")" nomaster name "$host_side" \
                address ee:ee:ee:ee:ee:ee
            ip -n "$ns" link set "$host_side" up
            on_node "$node" sysctl -qw "net.ipv4.conf.$host_side.proxy_arp=1" \
                "net.ipv4.neigh.$host_side.proxy_delay=0"
            ip -n "$ns" route add "$pod/32" dev "$host_side" scope link
            ip -n "${LAB_PREFIX}pod-$pod" address flush dev eth0
            ip -n "${LAB_PREFIX}pod-$pod" address add "$pod/32" dev eth0
            ip -n "${LAB_PREFIX}pod-$pod" route add 169.254.1.1 dev eth0 scope link
            ip -n "${LAB_PREFIX}pod-$pod" route add default via 169.254.1.1
        done
        ip -n "$ns" link delete cni0
        ip -n "$ns" route replace blackhole "$(node_cidr "$node")"
    done
}

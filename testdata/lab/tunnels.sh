# shellcheck shell=bash disable=SC2154  # lab_nodes comes from topology_defaults
# Geneve and IP-in-IP instead of VXLAN, by tunnel.py. Sourced by lab.sh; a scenario's setup asks for them.

geneve_device=genev_sys_6081
ipip_device=tunl0

# replace_tunnels geneve|ipip: in a cluster of any mode, flannel.N goes and the other comes.
replace_tunnels() {
    local node
    for node in "${lab_nodes[@]}"; do
        ip -n "$LAB_PREFIX$node" link delete "$LAB_TUNNEL"
        start_tunnel "$1" "$node"
    done
    for node in "${lab_nodes[@]}"; do "add_$1_peers" "$node"; done
}

start_tunnel() {
    local kind=$1 node=$2 ns=$LAB_PREFIX$2 device peer options=()
    device=${kind}_device && device=${!device}
    if [[ $kind == geneve ]]; then options+=("$LAB_VNI"); fi
    for peer in "${lab_nodes[@]}"; do
        if [[ $peer == "$node" ]]; then continue; fi
        case $kind in
        geneve) options+=("$(vtep_mac "$peer")=$(node_address "$peer")") ;;
        ipip) options+=("$(node_cidr "$peer")=$(node_address "$peer")") ;;
        esac
    done
    on_node "$node" python3 "$LAB_DIR/tunnel.py" "$kind" "$device" "$(node_address "$node")" \
        "${options[@]}" &
    traffic_pids+=($!)
    for _ in {1..50}; do
        if ip -n "$ns" link show "$device" >/dev/null 2>&1; then break; fi
        sleep 0.1
    done
    if [[ $kind == geneve ]]; then
        ip -n "$ns" link set "$device" address "$(vtep_mac "$node")"
    fi
    ip -n "$ns" link set "$device" mtu "$LAB_POD_MTU" up
    ip -n "$ns" address add "$(vtep_address "$node")/32" dev "$device"
}

add_geneve_peers() {
    local node=$1 ns=$LAB_PREFIX$1 peer
    for peer in "${lab_nodes[@]}"; do
        if [[ $peer == "$node" ]]; then continue; fi
        ip -n "$ns" neigh replace "$(vtep_address "$peer")" lladdr "$(vtep_mac "$peer")" \
            dev "$geneve_device" nud permanent
        ip -n "$ns" route replace "$(node_cidr "$peer")" via "$(vtep_address "$peer")" \
            dev "$geneve_device" onlink
    done
}

# As Calico does: the other node is the next hop, and the device knows no link-layer addresses.
add_ipip_peers() {
    local node=$1 peer
    for peer in "${lab_nodes[@]}"; do
        if [[ $peer == "$node" ]]; then continue; fi
        ip -n "$LAB_PREFIX$node" route replace "$(node_cidr "$peer")" \
            via "$(node_address "$peer")" dev "$ipip_device" onlink
    done
}

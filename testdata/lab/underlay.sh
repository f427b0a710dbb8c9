# shellcheck shell=bash disable=SC2154  # lab_nodes comes from topology_defaults
# Underlays that are more than one switch: routers, second network cards, other machines.
# Sourced by lab.sh; nothing here is built unless a scenario's setup asks for it.

on_router() { ip netns exec "${LAB_PREFIX}router" "${@:2}"; }

# A second switch beside br0.
add_second_switch() {
    ip -n "${LAB_PREFIX}switch" link add br1 type bridge mcast_snooping 0
    ip -n "${LAB_PREFIX}switch" link set br1 mtu "$LAB_UNDERLAY_MTU" up
}

# move_to_second_switch NODE: its eth0 is plugged in elsewhere
move_to_second_switch() {
    ip -n "${LAB_PREFIX}switch" link set "$(switch_port "$1")" master br1
}

# add_router BRIDGE=ADDRESS/PREFIX…: a router with one leg in each network
add_router() {
    local ns=${LAB_PREFIX}router leg number=0
    add_namespace "$ns"
    # arp_ignore: two legs in one switch, and each answers for its own address alone.
    on_router - sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.arp_ignore=1 \
        net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
    for leg in "$@"; do
        add_machine_port "$ns" "leg$number" "${leg%%=*}" "${leg#*=}" "52:54:00:fe:00:0$number"
        number=$((number + 1))
    done
}

# add_machine_port NAMESPACE INTERFACE BRIDGE ADDRESS/PREFIX MAC: any machine's card at a switch
add_machine_port() {
    local port=${1#"$LAB_PREFIX"}
    port=${port:0:8}$2
    ip link add "$2" netns "$1" mtu "$LAB_UNDERLAY_MTU" address "$5" \
        type veth peer name "$port" netns "${LAB_PREFIX}switch" mtu "$LAB_UNDERLAY_MTU"
    ip -n "${LAB_PREFIX}switch" link set "$port" master "$3" up
    ip -n "$1" address add "$4" dev "$2"
    ip -n "$1" link set "$2" up
}

# add_second_card NODE ADDRESS/PREFIX: eth1, at the second switch
add_second_card() {
    local hex
    hex=$(address_hex "${2%/*}")
    add_machine_port "$LAB_PREFIX$1" eth1 br1 "$2" "52:54:00:${hex#*:}"
}

# move_tunnels DEVICE ADDRESS…: all nodes' VXLAN devices, each on another card and address
move_tunnels() {
    local device=$1 i k node
    shift
    local addresses=("$@")
    for i in "${!lab_nodes[@]}"; do
        node=${lab_nodes[i]}
        ip -n "$LAB_PREFIX$node" link delete "$LAB_TUNNEL"
        add_tunnel "$node" "${addresses[i]}" "$device"
        for k in "${!lab_nodes[@]}"; do
            if [[ $i != "$k" ]]; then add_peer "$node" "${lab_nodes[k]}" "${addresses[k]}"; fi
        done
    done
}

# carry_in_user_space PORT: tunnel packets between the first two nodes pass a program (user_switch.py), not the switch
carry_in_user_space() {
    local a b
    a=$(switch_port "${lab_nodes[0]}")
    b=$(switch_port "${lab_nodes[1]}")
    switch_rules "udp dport $1 counter drop"
    on_switch python3 "$LAB_DIR/user_switch.py" "$a" "$b" "$1" &
    traffic_pids+=($!)
}

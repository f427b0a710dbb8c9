# shellcheck shell=bash disable=SC2154  # lab_nodes comes from topology_defaults
# Cables that reorder or delay, by wire.py. Sourced by lab.sh; a scenario's setup asks for them.

# add_wire NODE OPTION…: between the switch and that node. The program sees no checksum that was left
# for hardware, so offload goes off everywhere.
add_wire() {
    local port tap ns=${LAB_PREFIX}switch
    port=$(switch_port "$1")
    tap=wire${port#port}
    shift
    offload_off tx
    ip -n "$ns" link set "$port" nomaster
    on_switch python3 "$LAB_DIR/wire.py" "$port" "$tap" "$@" &
    traffic_pids+=($!)
    for _ in {1..50}; do
        if ip -n "$ns" link show "$tap" >/dev/null 2>&1; then break; fi
        sleep 0.1
    done
    ip -n "$ns" link set "$tap" mtu "$LAB_UNDERLAY_MTU" master br0 up
}

# add_uplink NODE ADDRESS/PREFIX: a second network card, eth1, in a network of its own.
add_uplink() {
    local node=$1 ns=$LAB_PREFIX$1 switch=${LAB_PREFIX}switch port
    port=$(switch_port "$node")b
    if ! ip -n "$switch" link show br1 >/dev/null 2>&1; then
        ip -n "$switch" link add br1 type bridge mcast_snooping 0
        ip -n "$switch" link set br1 up
    fi
    ip link add eth1 netns "$ns" address "52:54:01:$(address_hex "${2%/*}" | cut -d: -f2-)" \
        type veth peer name "$port" netns "$switch"
    ip -n "$switch" link set "$port" master br1 up
    ip -n "$ns" address add "$2" dev eth1
    ip -n "$ns" link set eth1 up
}

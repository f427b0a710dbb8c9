# Healthy both times; the second time a mirror on the second node sends what comes in out again.
# shellcheck shell=bash disable=SC2034,SC2154

reference_traffic() { short_traffic; }
failing_traffic() { reference_traffic; }

# The copies leave through eth0, where they are captured, and the switch, which knows where the
# node is and learns nothing from them, drops them: nobody gets anything twice.
failing_setup() {
    local node=${lab_nodes[1]} port
    port=$(switch_port "$node")
    bridge -n "${LAB_PREFIX}switch" fdb replace "$(eth0_mac "$node")" dev "$port" master static
    bridge -n "${LAB_PREFIX}switch" link set dev "$port" learning off
    on_node "$node" nft -f - <<RULES
table netdev lab {
    chain mirror {
        type filter hook ingress device "eth0" priority 0; policy accept;
        udp dport $LAB_PORT dup to "eth0"
    }
}
RULES
}

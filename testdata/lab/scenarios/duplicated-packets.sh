# The underlay delivers every VXLAN packet from the first node to the second twice; all works.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000 LAB_LARGE_PINGS=1; }
failing_plan() { reference_plan; }

failing_setup() {
    local in out
    in=$(switch_port "${lab_nodes[0]}") out=$(switch_port "${lab_nodes[1]}")
    on_switch nft -f - <<RULES
table netdev lab {
    chain copies {
        type filter hook ingress device "$in" priority 0; policy accept;
        udp dport $LAB_PORT dup to "$out"
    }
}
RULES
}

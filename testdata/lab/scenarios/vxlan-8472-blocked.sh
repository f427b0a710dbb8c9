# UDP 8472 is dropped on the underlay, in both directions.
# shellcheck shell=bash disable=SC2034

failing_setup() {
    on_switch nft -f - <<RULES
table bridge lab {
    chain underlay {
        type filter hook forward priority 0; policy accept;
        udp dport $LAB_PORT counter drop
    }
}
RULES
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

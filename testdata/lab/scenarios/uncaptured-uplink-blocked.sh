# Tunnels run over eth0, which nobody captured, and there VXLAN from the first node to the second is dropped.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=uncaptured-uplink.sh
source "$LAB_DIR/scenarios/uncaptured-uplink.sh"

failing_setup() {
    reference_setup
    switch_rules "iifname $(switch_port "${lab_nodes[0]}") udp dport $LAB_PORT counter drop"
}

failing_broken="pod-to-pod pod-to-pod-back http udp"

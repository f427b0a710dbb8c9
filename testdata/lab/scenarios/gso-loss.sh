# Offload on, and the underlay loses every fourth VXLAN packet of a download, super-packets too.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=offload-loss.sh
source "$LAB_DIR/scenarios/offload-loss.sh"

reference_setup() { :; }
failing_setup() {
    switch_rules "iifname $(switch_port "${lab_nodes[1]}") udp dport $LAB_PORT \
            numgen inc mod 4 == 3 counter drop"
}

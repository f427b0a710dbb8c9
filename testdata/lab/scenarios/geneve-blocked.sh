# UDP 6081 is dropped on the underlay, both ways, in a cluster with Geneve.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=geneve.sh
source "$LAB_DIR/scenarios/geneve.sh"

failing_setup() {
    reference_setup
    switch_rules "udp dport 6081 counter drop"
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

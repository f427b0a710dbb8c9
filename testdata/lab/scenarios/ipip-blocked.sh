# IP protocol 4 is dropped on the underlay, both ways, in a cluster with IP-in-IP.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=ipip.sh
source "$LAB_DIR/scenarios/ipip.sh"

failing_setup() {
    reference_setup
    switch_rules "ip protocol 4 counter drop"
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

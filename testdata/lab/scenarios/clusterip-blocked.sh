# Clients call a ClusterIP, and the underlay drops UDP 8472 from their node to the backend's.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=clusterip.sh
source "$LAB_DIR/scenarios/clusterip.sh"

failing_setup() {
    reference_setup
    switch_rules "iifname $(switch_port "${lab_nodes[0]}") udp dport $LAB_PORT counter drop"
}

failing_broken="cluster-ip cluster-ip-again cluster-ip-udp"

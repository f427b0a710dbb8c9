# Healthy both times, with segmentation offload and receive merging off on eth0 the second time.
# shellcheck shell=bash disable=SC2154  # lab_nodes comes from topology_defaults

failing_setup() {
    local node
    for node in "${lab_nodes[@]}"; do
        on_node "$node" ethtool -K eth0 tso off gso off gro off \
            tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off
    done
}

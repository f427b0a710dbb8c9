# VXLAN packets from the first node arrive with a wrong outer UDP checksum.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() { LAB_HTTP_BYTES=9000; }
failing_plan() { reference_plan; }

# A checksum left for hardware would be taken as good whatever it says.
reference_setup() { offload_off tx; }

failing_setup() {
    offload_off tx
    switch_rules "iifname $(switch_port "${lab_nodes[0]}") udp dport $LAB_PORT udp checksum set 0xffff"
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

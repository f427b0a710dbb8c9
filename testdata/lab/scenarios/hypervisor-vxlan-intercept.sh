# A hypervisor's network loses VXLAN packets with TCP or UDP inside, and passes those with ICMP.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="vm-01 vm-02"
    LAB_NODE_ADDRESSES="192.168.10.61 192.168.10.62"
    LAB_CLUSTER_CIDR=10.42.0.0/16 LAB_POD_CIDRS="10.42.0.0/24 10.42.1.0/24"
    LAB_VNI=4096 LAB_PORT=4789 LAB_TUNNEL=vxlan.calico
}
failing_plan() { reference_plan; }

# Behind the UDP header: 8 bytes of VXLAN, 14 of Ethernet, and 9 bytes into IP its protocol.
failing_setup() {
    switch_rules "udp dport $LAB_PORT @th,312,8 { 6, 17 } counter drop"
}

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

failing_broken="http udp"

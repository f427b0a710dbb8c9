# Healthy both times; the second time VXLAN packets have no outer UDP checksum: it is zero.
# shellcheck shell=bash disable=SC2034

reference_plan() {
    LAB_NODES="k1 k2" LAB_NODE_ADDRESSES="192.168.61.5 192.168.61.9"
    LAB_CLUSTER_CIDR=172.24.0.0/14 LAB_POD_CIDRS="172.24.9.0/24 172.26.130.0/24"
    LAB_VNI=42 LAB_PORT=4789
}
failing_plan() { reference_plan && LAB_TUNNEL_OPTIONS=noudpcsum; }

reference_traffic() { short_traffic; }
failing_traffic() { short_traffic; }

# Healthy both times: other node names, addresses, pod networks, VNI and port.
# shellcheck shell=bash

reference_plan() {
    : "${LAB_NODES:=worker-a worker-b}"
    : "${LAB_NODE_ADDRESSES:=192.168.77.21 192.168.77.22}"
    : "${LAB_CLUSTER_CIDR:=10.42.0.0/16}"
    : "${LAB_POD_CIDRS:=10.42.3.0/24 10.42.7.0/24}"
    : "${LAB_PODS:=worker-a:10.42.3.17 worker-b:10.42.7.108 worker-b:10.42.7.109}"
    : "${LAB_VNI:=4096}"
    : "${LAB_PORT:=4789}"
}

failing_plan() { reference_plan; }

# A service's target port is one on which its pod does not listen; TCP and UDP.
# shellcheck shell=bash disable=SC2034,SC2154

web=172.30.8.1
metrics=172.30.8.9

reference_plan() {
    LAB_NODES="alpha beta" LAB_POD_COUNTS="1 1" LAB_VNI=4096 LAB_PORT=4789
    LAB_NODE_ADDRESSES="172.16.9.21 172.16.9.22"
    LAB_CLUSTER_CIDR=172.20.0.0/16 LAB_POD_CIDRS="172.20.4.0/24 172.20.7.0/24"
}
failing_plan() { reference_plan; }

backend() { first_pod beta; }

# services_with PORT: of the pod that web and metrics lead to.
services_with() {
    add_kube_proxy
    add_service tcp "$web" 443 "$(backend):$1"
    add_service tcp "$metrics" 9100 "$(backend):9100"
    add_service udp "$metrics" 8125 "$(backend):$1"
}
reference_setup() { services_with 8443; }
failing_setup() { services_with 8434; }

reference_traffic() {
    local client try
    client=$(first_pod alpha)
    serve in_pod "$(backend)" http "$(backend)" 8443 1500
    serve in_pod "$(backend)" http "$(backend)" 9100 1500
    serve in_pod "$(backend)" echo "$(backend)" 8443
    step node-to-node all_pings on_node alpha "$(node_address beta)" 3 0.2
    step pod-to-pod all_pings in_pod "$client" "$(backend)" 4 0.05
    step metrics client in_pod "$client" get "$metrics" 9100 4
    for try in 1 2 3; do step "web-$try" client in_pod "$client" get "$web" 443 4; done
    step datagrams client in_pod "$client" datagrams "$metrics" 8125 4
    step metrics-again client in_pod "$client" get "$metrics" 9100 4
    step node-to-node-again all_pings on_node alpha "$(node_address beta)" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="web-1 web-2 web-3 datagrams"

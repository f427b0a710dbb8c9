# The third node's pods got addresses of the second one's network, by a copied CNI configuration.
# shellcheck shell=bash disable=SC2034,SC2154

reference_plan() {
    LAB_NODES="master node worker"
    LAB_PODS="master:10.244.0.4 node:10.244.1.5 worker:10.244.2.6"
}
failing_plan() { LAB_NODES="master node worker" LAB_PODS="master:10.244.0.4 node:10.244.1.5"; }

stray() { echo 10.244.1.77; }

# flannel has its own network for the node; the bridge plugin's file names the other one.
failing_setup() {
    local node=${lab_nodes[2]} ns=${LAB_PREFIX}worker
    ip -n "$ns" address flush dev cni0
    ip -n "$ns" address add 10.244.1.1/24 brd + dev cni0
    local cidrs=("${lab_cidrs[@]}")
    lab_cidrs[2]=${lab_cidrs[1]}
    add_pod "$node" "$(stray)"
    lab_cidrs=("${cidrs[@]}")
}

reference_traffic() {
    serve in_pod 10.244.2.6 http 10.244.2.6 8080 3000
    talk 10.244.2.6
}

failing_traffic() {
    serve in_pod "$(stray)" http "$(stray)" 8080 3000
    talk "$(stray)"
}

# talk ADDRESS-OF-THE-THIRD-NODE'S-POD
talk() {
    local a b c=$1
    a=$(first_pod "${lab_nodes[0]}")
    b=$(first_pod "${lab_nodes[1]}")
    serve in_pod "$a" http "$a" 8080 3000
    serve in_pod "$b" http "$b" 8080 3000
    step node-to-node all_pings on_node master "$(node_address node)" 3 0.2
    step node-to-third all_pings on_node master "$(node_address worker)" 3 0.2
    step pod-to-pod all_pings in_pod "$a" "$b" 4 0.05
    step http client in_pod "$a" get "$b" 8080 4
    step third-out all_pings in_pod "$c" "$a" 4 0.05
    step third-out-http client in_pod "$c" get "$a" 8080 3
    step third-in all_pings in_pod "$a" "$c" 4 0.05
    step second-to-third all_pings in_pod "$b" "$c" 3 0.05
    sleep 3 # the ICMP errors of the ARP failures
    step node-to-node-again all_pings on_node master "$(node_address node)" 3 0.2
    step node-to-third-again all_pings on_node master "$(node_address worker)" 3 0.2
}

failing_broken="third-out third-out-http third-in second-to-third"

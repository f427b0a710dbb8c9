# The second of two DNS queries sent at once is dropped on its node; it is asked again 5 s later.
# shellcheck shell=bash disable=SC2034,SC2154

dns_service=10.32.0.10

reference_plan() {
    LAB_NODES="n-01 n-02" LAB_POD_COUNTS="1 2" LAB_VNI=3
    LAB_NODE_ADDRESSES="192.168.122.51 192.168.122.52"
    LAB_CLUSTER_CIDR=10.200.0.0/16 LAB_POD_CIDRS="10.200.0.0/24 10.200.1.0/24"
}
failing_plan() { reference_plan; }

reference_setup() {
    add_kube_proxy
    add_service udp "$dns_service" 53 "$(first_pod n-02):53"
}

# What the lost race for a conntrack entry does to the loser, without the race: of the AAAA queries
# the first, the fourth, … is dropped where the kernel would drop it, when it leaves the node.
failing_setup() {
    reference_setup
    on_node n-01 iptables -t mangle -A POSTROUTING -o "$LAB_TUNNEL" -p udp --dport 53 \
        -m string --algo bm --hex-string '|00001c0001|' \
        -m statistic --mode nth --every 3 --packet 0 -j DROP
}

reference_traffic() {
    local client server number
    client=$(first_pod n-01)
    server=$(first_pod n-02)
    serve in_pod "$server" dns "$server" 53 0.02 # both queries are out before an answer is back
    step node-to-node all_pings on_node n-01 "$(node_address n-02)" 3 0.2
    step pod-to-pod all_pings in_pod "$client" "$server" 4 0.05
    for number in 1 2 3 4 5; do
        step "lookup-$number" nat_peer in_pod "$client" lookup-pair "$dns_service" 53 5 \
            "web-$number.default.svc.cluster.local"
    done
    step lookup-nearby client in_pod "$(pods_of n-02 | sed -n 2p)" lookup "$dns_service" 53 example.net
    step node-to-node-again all_pings on_node n-01 "$(node_address n-02)" 3 0.2
}
failing_traffic() { reference_traffic; }

failing_broken="lookup-1 lookup-3 lookup-5"

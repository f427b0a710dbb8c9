# The second node's own firewall rejects incoming UDP 8472 with ICMP admin-prohibited.
# shellcheck shell=bash disable=SC2034,SC2154

failing_setup() {
    on_node "${lab_nodes[1]}" iptables -A INPUT -p udp --dport "$LAB_PORT" \
        -j REJECT --reject-with icmp-admin-prohibited
}

failing_broken="pod-to-pod pod-to-pod-back large-ping http udp"

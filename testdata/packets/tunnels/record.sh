#!/bin/bash
# Records the captures of this folder that a Linux kernel with VXLAN can give. Run as root. Times,
# identifications and source ports change with every recording.
set -eu
cd "$(dirname "$0")"
. ../net.sh

# overlay OUTER-ENDS VXLAN-ARGUMENTS...: vx0 on both nodes, 10.244.0.1 and 10.244.0.2
overlay() {
  local ends="$1" n ns inner
  shift
  for n in 1 2; do
    [ $n = 1 ] && ns=$a inner=0a || { ns=$b inner=0b; }
    ip -n "$ns" link add vx0 address 02:00:00:00:00:$inner type vxlan "$@" \
      local "$ends$n" remote "$ends$((3 - n))" dev eth0
    ip -n "$ns" link set vx0 up
    address "$ns" vx0 10.244.0.$n/16
  done
}
remove_overlay() {
  ip -n $a link del vx0
  ip -n $b link del vx0
}
# Of IPv6 inside the overlay only what the recording asks for: the kernel's own would be in every file.
no_inner_ipv6() { in_ns "$1" sysctl -qw net.ipv6.conf.default.disable_ipv6=1; }

nodes
no_inner_ipv6 $a
no_inner_ipv6 $b

# VXLAN on flannel's port with a refused connection, on IANA's port with a datagram and its error, on a
# port that nobody knows, with a group policy, and over IPv6.
overlay 192.0.2. id 1 dstport 8472
record $b vxlan-8472.pcap -i eth0 udp port 8472
ping_once $a 10.244.0.2
connect $a 10.244.0.2 443
recorded

# The same once more, when node b has no VXLAN device any more: its error quotes the VXLAN packet.
ip -n $b link del vx0
record $a icmp-quotes-vxlan.pcap -i eth0 udp port 8472 or icmp
ping_once $a 10.244.0.2
recorded
ip -n $a link del vx0

overlay 192.0.2. id 11259375 dstport 4789
record $b vxlan-4789.pcap -i eth0 udp port 4789
send $a 10.244.0.2 40002
recorded
remove_overlay

overlay 192.0.2. id 42 dstport 5002
record $b vxlan-odd-port.pcap -i eth0 udp port 5002
ping_once $a 10.244.0.2
recorded
remove_overlay

overlay 192.0.2. id 43 dstport 4789 gbp
in_ns $a iptables -t mangle -A OUTPUT -d 10.244.0.2 -j MARK --set-mark 0x123
record $b vxlan-gbp.pcap -i eth0 udp port 4789
ping_once $a 10.244.0.2
recorded
in_ns $a iptables -t mangle -F
remove_overlay

overlay 2001:db8:: id 44 dstport 8472
record $b vxlan-over-ipv6.pcap -i eth0 udp port 8472
ping_once $a 10.244.0.2
recorded
remove_overlay

# VXLAN-GPE without Ethernet, by routes that carry the VNI.
for n in 1 2; do
  [ $n = 1 ] && ns=$a || ns=$b
  ip -n $ns link add vx0 type vxlan gpe external dstport 4790
  ip -n $ns link set vx0 up
  ip -n $ns address add 10.244.0.$n/32 dev vx0
  ip -n $ns route add 10.244.0.$((3 - n)) encap ip id 7700 dst 192.0.2.$((3 - n)) dev vx0
done
record $b vxlan-gpe-recorded.pcap -i eth0 udp port 4790
ping_once $a 10.244.0.2
recorded
remove_overlay

# Fragments inside VXLAN (the overlay's MTU is small), and of the VXLAN packets (the underlay's is).
overlay 192.0.2. id 45 dstport 8472
ip -n $a link set vx0 mtu 200
record $b fragments-inner.pcap -i eth0 udp port 8472
send $a 10.244.0.2 40002 300
recorded
ip -n $a link set vx0 mtu 1450
ip -n $a link set eth0 mtu 200
record $b fragments-outer.pcap -i eth0 src 192.0.2.1 and ip proto 17
ping_once $a 10.244.0.2 -s 300
recorded
ip -n $a link set eth0 mtu 1500
remove_overlay

# Fragments of IPv6, cut by the capture.
nodes
ip -n $a link set eth0 mtu 1280
record $b fragments-ipv6.pcap -i eth0 -s 128 src 2001:db8::1 and ip6 proto 44
send $a 2001:db8::2 40002 2000
recorded

# IGMP: joining and leaving 239.1.2.3 in versions 3 and 2, and the queries of a bridge.
nodes
record $b igmp.pcap -i eth0 igmp and not host 224.0.0.106
for version in 3 2; do
  in_ns $a sysctl -qw net.ipv4.conf.all.force_igmp_version=$version
  ip -n $a address add 239.1.2.3/32 dev eth0 autojoin
  sleep 0.2
  ip -n $a address del 239.1.2.3/32 dev eth0
  sleep 0.2
done
ip -n $a link add br0 type bridge mcast_querier 1 mcast_startup_query_interval 10
ip -n $a link set eth0 master br0
ip -n $a link set br0 up
sleep 1
recorded

# Errors: a closed port, a hop limit of 1, a packet too big for the way behind router r, an address that
# its firewall rejects; each for IPv4 and IPv6.
nodes
ip netns add $r
cable $a eth1 $r eth1
cable $r eth2 $b eth2
in_ns $r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 \
  net.ipv6.icmp.ratelimit=0
address $a eth1 198.51.100.1/24 2001:db8:1::1/64
address $r eth1 198.51.100.254/24 2001:db8:1::fe/64
address $r eth2 203.0.113.254/24 2001:db8:2::fe/64
address $b eth2 203.0.113.2/24 2001:db8:2::2/64
ip -n $a route add 203.0.113.0/24 via 198.51.100.254
ip -n $a route add 2001:db8:2::/64 via 2001:db8:1::fe
ip -n $b route add 198.51.100.0/24 via 203.0.113.254
ip -n $b route add 2001:db8:1::/64 via 2001:db8:2::fe
ip -n $r link set eth2 mtu 1280
in_ns $r iptables -A FORWARD -p tcp -j REJECT --reject-with icmp-admin-prohibited
in_ns $r ip6tables -A FORWARD -p tcp -j REJECT --reject-with icmp6-adm-prohibited
for to in 203.0.113.2 2001:db8:2::2; do ping_once $a $to; done
record $a icmp-errors-recorded.pcap -i eth1 -s 128 icmp and 'icmp[0] != 8'
record $a icmpv6-errors-recorded.pcap -i eth1 -s 160 icmp6 and 'ip6[40] < 128'
for to in 203.0.113.2 2001:db8:2::2; do
  send $a $to 40002
  ping_once $a $to -t 1
  ping_once $a $to -s 1400 -M "do"
  connect $a $to 443
done
recorded

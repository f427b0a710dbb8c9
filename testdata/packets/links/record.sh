#!/bin/bash
# Records the captures of this folder that a Linux kernel can give. Run as root. Times, identifications
# and interface indexes may change with every recording.
set -eu
cd "$(dirname "$0")"
. ../net.sh

nodes

# Ethernet, and Linux cooked in both versions, on the node that is asked.
record $b ethernet.pcap -i eth0 "$said_by_us"
record $b sll.pcap -i any -y LINUX_SLL "$said_by_us"
record $b sll2.pcap -i any -y LINUX_SLL2 "$said_by_us"
ping_once $a 192.0.2.2
ping_once $a 2001:db8::2
send $b 127.0.0.1 9 # loopback: the datagram and its error
recorded

# NFLOG: IPv4 coming in, IPv6 going out, and a bridge's frames (family 7).
in_ns $b iptables -A INPUT -p icmp -j NFLOG --nflog-group 5 --nflog-prefix 'ping in'
in_ns $b ip6tables -A OUTPUT -p icmpv6 --icmpv6-type echo-reply -j NFLOG --nflog-group 5 --nflog-prefix 'ping6 out'
record $b nflog.pcap -i nflog:5
ping_once $a 192.0.2.2
ping_once $a 2001:db8::2
sleep 1.5 # the kernel hands log messages over once a second
recorded

ip -n $b link add br0 type bridge
ip -n $b link set br0 up
ip -n $b address flush dev eth0
ip -n $b link set eth0 master br0
address $b br0 192.0.2.2/24
in_ns $b iptables -F
in_ns $b nft add table bridge filter
in_ns $b nft 'add chain bridge filter in { type filter hook input priority 0; }'
in_ns $b nft add rule bridge filter in ip protocol icmp log group 6
in_ns $b nft add rule bridge filter in ether type arp log group 6
record $b nflog-bridge.pcap -i nflog:6
ip -n $a neigh flush all
ping_once $a 192.0.2.2
sleep 1.5
recorded

# Raw IP: a tun device whose other end sends every packet back to where it came from.
in_ns $a python3 - << 'PYTHON' &
import fcntl, os, struct
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
os.system("ip address add 198.51.100.1/24 dev tun0; ip address add fd00:9::1/64 dev tun0 nodad; "
          "ip link set tun0 up")
while True:
    packet = os.read(tun, 2000)
    at, size = (12, 4) if packet[0] >> 4 == 4 else (8, 16)
    source, destination = packet[at:at + size], packet[at + size:at + 2 * size]
    os.write(tun, packet[:at] + destination + source + packet[at + 2 * size:])
PYTHON
echo_end=$!
until ip -n $a address show dev tun0 2> /dev/null | grep -q fd00:9; do sleep 0.1; done
record $a raw.pcap -i tun0 'udp'
send $a 198.51.100.2 9
send $a fd00:9::2 9
recorded
kill "$echo_end"

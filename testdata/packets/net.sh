# Sourced by links/record.sh and tunnels/record.sh: two nodes joined by a cable, and how to record.
# Needs root, Debian's tcpdump, iproute2, iputils-ping, iptables, nftables, ethtool and python3.

a=netdiff-packets-a b=netdiff-packets-b r=netdiff-packets-r
work="$(mktemp -d)"
cleanup() {
  for ns in $a $b $r; do ip netns del "$ns" 2> /dev/null || true; done
  rm -r "$work"
}
trap cleanup EXIT

# What the kernel says by itself, of link-local addresses, stays out of the recordings.
said_by_us='(arp or icmp or udp or tcp or igmp or (icmp6 and not src net fe80::/10 and not src host ::))'

# in_ns NAMESPACE COMMAND...
in_ns() { ip netns exec "$@"; }

# cable NAMESPACE INTERFACE NAMESPACE INTERFACE: with the last byte of the MAC addresses 1 and 2
cable() {
  ip -n "$1" link add "$2" address 02:00:00:00:00:01 type veth \
    peer name "$4" address 02:00:00:00:00:02 netns "$3"
  ip -n "$1" link set "$2" up
  ip -n "$3" link set "$4" up
}

# nodes: $a with 192.0.2.1 and 2001:db8::1, $b with .2 and ::2, both on eth0
nodes() {
  for ns in $a $b; do
    ip netns del "$ns" 2> /dev/null || true
    ip netns add "$ns"
    ip -n "$ns" link set lo up
  done
  cable $a eth0 $b eth0
  address $a eth0 192.0.2.1/24 2001:db8::1/64
  address $b eth0 192.0.2.2/24 2001:db8::2/64
}

# address NAMESPACE INTERFACE ADDRESS...
address() {
  local ns="$1" interface="$2" one
  shift 2
  in_ns "$ns" sysctl -qw "net.ipv6.conf.$interface.accept_dad=0" "net.ipv6.conf.$interface.router_solicitations=0"
  for one in "$@"; do
    case "$one" in
      *:*) ip -n "$ns" address add "$one" dev "$interface" nodad ;;
      *) ip -n "$ns" address add "$one" dev "$interface" ;;
    esac
  done
}

# record NAMESPACE FILE TCPDUMP-ARGUMENTS...: begins a recording
record() {
  local ns="$1" file="$2"
  shift 2
  ip netns exec "$ns" tcpdump -Z root -n -U --immediate-mode -w "$file" "$@" 2> "$work/$file.log" &
  recordings="${recordings:-} $!"
  until grep -q 'listening on' "$work/$file.log" 2> /dev/null; do sleep 0.05; done
  sleep 0.3
}

# recorded: ends the recordings begun since the last time
recorded() {
  local one
  sleep 0.5
  for one in $recordings; do
    kill "$one"
    wait "$one" || true
  done
  recordings=
  chmod 644 ./*.pcap
}

# ping_once NAMESPACE ADDRESS [PING-ARGUMENTS...]
ping_once() {
  local ns="$1" to="$2"
  shift 2
  in_ns "$ns" ping -q -c 1 -W 1 "$@" "$to" > /dev/null || true
}

# send NAMESPACE ADDRESS PORT [BYTES]: a UDP datagram from port 40001
send() {
  in_ns "$1" python3 - "$2" "$3" "${4:-8}" << 'PYTHON'
import socket, sys
address, port, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
end = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
end.bind(("", 40001))
end.sendto(b"netdiff!".ljust(length, b"."), (address, port))
PYTHON
}

# connect NAMESPACE ADDRESS PORT: a TCP connection from port 40003, refused where nobody listens
connect() {
  in_ns "$1" python3 - "$2" "$3" << 'PYTHON'
import socket, sys
end = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_STREAM)
end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
end.bind(("", 40003))
end.settimeout(1)
try:
    end.connect((sys.argv[1], int(sys.argv[2])))
except OSError:
    pass
PYTHON
}

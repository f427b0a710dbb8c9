#!/bin/bash
# Records the captures of this folder and converts them into every container.
# Needs root, Debian's tcpdump, wireshark-common (dumpcap, editcap), iproute2, python3, zip and the
# compressors; run it inside this folder. Times and ports change with every recording.
set -eu

cd "$(dirname "$0")"
inner="$(mktemp)"
trap 'rm -f "$inner"' EXIT

cat > "$inner" <<'INNER'
set -eu
ip link set lo up
ip link add veth0 type veth peer name veth1
ip link set veth0 up
ip link set veth1 up
tcpdump -Z root -i any -U -c 6 -w any.pcap udp and port 40001 2> /dev/null &
tcpdump -Z root -i lo -U -c 6 -s 96 -w lo.pcap 2> /dev/null &
tcpdump -Z root -i lo -U -w nothing.pcap port 9 2> /dev/null & silent=$!
dumpcap -q -i lo -f udp -i veth0 -a duration:3 -w two-interfaces.pcapng 2> /dev/null & both=$!
sleep 1.5
python3 - <<'PYTHON'
import socket
ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for end, port in zip(ends, (40001, 40002)):
    end.bind(("127.0.0.1", port))
for n in range(3):
    ends[0].sendto(b"request %d" % n, ("127.0.0.1", 40002))
    ends[1].recv(100)
    ends[1].sendto(b"reply %d" % n, ("127.0.0.1", 40001))
    ends[0].recv(100)
PYTHON
wait "$both"
kill "$silent"
wait
INNER
unshare --net bash "$inner"
chmod 644 ./*.pcap ./*.pcapng

for format in nsecpcap modpcap pcapng snoop netmon1 netmon2 5views ngsniffer ngwsniffer_2_0; do
  editcap -F "$format" lo.pcap "lo.$format"
done
for tool in gzip zstd xz lz4 bzip2; do
  "$tool" -9 -c lo.pcap > "lo.pcap.$tool"
done
mkdir -p bundle/node1
cp lo.pcap bundle/node1/
tar --sort=name --owner=0 --group=0 -czf bundle.tar.gz bundle
(cd bundle && zip -qrX ../bundle.zip .)
rm -r bundle

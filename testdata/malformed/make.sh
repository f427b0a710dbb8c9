#!/bin/bash
# Makes the damaged captures of this folder from sound ones. Needs coreutils and gzip.
set -eu

cd "$(dirname "$0")"
sound=../packets/containers

# patch FILE OFFSET BYTES (as printf writes them)
patch() {
  printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

head -c 400 "$sound/lo.pcap" > cut-record.pcap
head -c 20 "$sound/lo.pcap" > cut-header.pcap
: > empty.pcap

cp "$sound/lo.pcap" length-of-4-gib.pcap
patch length-of-4-gib.pcap 99 '\xff\xff\xff\xff'

cp "$sound/lo.pcap" length-swallows-followers.pcap
patch length-swallows-followers.pcap 99 '\x2c\x01\x00\x00'

cp "$sound/lo.pcap" zero-filled-tail.pcap
truncate -s 4096 zero-filled-tail.pcap

cp "$sound/lo.pcap" snaplen-absurd.pcap
patch snaplen-absurd.pcap 16 '\x00\x00\x00\x70'

head -c 600 "$sound/lo.pcapng" > cut-block.pcapng

gzip -9 -n -c "$sound/two-interfaces.pcapng" | head -c 600 > cut-stream.pcapng.gz

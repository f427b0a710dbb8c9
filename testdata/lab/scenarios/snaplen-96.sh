# Healthy both times; the second time tcpdump kept 96 bytes of every packet.
# shellcheck shell=bash disable=SC2034

failing_plan() { LAB_TCPDUMP_OPTIONS="--immediate-mode -U -B 16384 -s 96"; }

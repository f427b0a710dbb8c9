#!/usr/bin/env python3
"""Servers and clients of peer.py's kind for what address translation breaks.

nat_peer.py ticks ADDRESS PORT COUNT INTERVAL   send COUNT lines to each who connects, one each INTERVAL s
nat_peer.py read-ticks ADDRESS PORT COUNT TIMEOUT
                                                read COUNT lines; exit 1 if it takes longer or ends early
nat_peer.py keep-port ADDRESS PORT OWN_PORT COUNT INTERVAL
                                                send COUNT datagrams from OWN_PORT, one each INTERVAL s;
                                                each must come back in that time
nat_peer.py lookup-pair ADDRESS PORT TIMEOUT NAME…
                                                ask A and AAAA of each name at once from one socket, as
                                                glibc does; ask again for what is missing after TIMEOUT s;
                                                exit 1 if anything had to be asked twice
nat_peer.py flush-conntrack                     forget every tracked connection of this network namespace
"""

import os
import signal
import socket
import struct
import sys
import threading
import time

from peer import dns_question

TYPE_A, TYPE_AAAA = 1, 28


def serve_ticks(address: str, port: int, count: int, interval: float) -> None:
    def tick(connection: socket.socket) -> None:
        with connection:
            for number in range(1, count + 1):
                try:
                    connection.sendall(f"netdiff lab tick {number:04}\n".encode())
                except OSError:
                    return
                time.sleep(interval)

    with socket.create_server((address, port)) as server:
        print("ready")
        while True:
            connection, _ = server.accept()
            threading.Thread(target=tick, args=(connection,), daemon=True).start()


def read_ticks(address: str, port: int, count: int, timeout: float) -> bool:
    signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
    signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        with socket.create_connection((address, port)) as connection:
            return len(connection.makefile("rb").readlines()) == count
    except OSError:
        return False


def keep_port(address: str, port: int, own: int, count: int, interval: float) -> bool:
    returned = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(("", own))
        client.settimeout(interval)
        for number in range(1, count + 1):
            began = time.monotonic()
            data = f"netdiff lab metric {number}".encode()
            client.sendto(data, (address, port))
            try:
                returned += client.recv(65536) == data
            except OSError:
                pass
            time.sleep(max(0.0, began + interval - time.monotonic()))
    return returned == count


def typed_question(name: str, number: int, kind: int) -> bytes:
    return dns_question(name, number)[:-4] + struct.pack("!HH", kind, 1)


def lookup_pair(address: str, port: int, timeout: float, names: list[str]) -> bool:
    again = False
    # A busy machine would put milliseconds between two queries sent at once.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    for count, name in enumerate(names):
        number = 0x4E44 + 2 * count
        queries = {
            number: typed_question(name, number, TYPE_A),
            number + 1: typed_question(name, number + 1, TYPE_AAAA),
        }
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect((address, port))
            for _ in range(2):
                for query in queries.values():
                    client.send(query)
                end = time.monotonic() + timeout
                while queries and (left := end - time.monotonic()) > 0:
                    client.settimeout(left)
                    try:
                        queries.pop(int.from_bytes(client.recv(2048)[:2], "big"), None)
                    except OSError:
                        break
                if not queries:
                    break
                again = True
    return not again


def flush_conntrack() -> None:
    """`conntrack -F` without the program: IPCTNL_MSG_CT_DELETE with no tuple (nfnetlink_conntrack.h)."""
    subsystem, delete, request, acknowledge = 1, 2, 1, 4
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:  # NETLINK_NETFILTER
        kind = subsystem << 8 | delete
        netlink.send(
            struct.pack("=IHHII", 20, kind, request | acknowledge, 1, 0)
            + struct.pack("!BBH", socket.AF_INET, 0, 0)
        )
        answer = netlink.recv(4096)
        (error,) = struct.unpack_from("=i", answer, 16)
        if error:
            raise OSError(-error, os.strerror(-error))


def main() -> int:
    match sys.argv[1:]:
        case ["ticks", address, port, count, interval]:
            serve_ticks(address, int(port), int(count), float(interval))
        case ["read-ticks", address, port, count, timeout]:
            return 0 if read_ticks(address, int(port), int(count), float(timeout)) else 1
        case ["keep-port", address, port, own, count, interval]:
            works = keep_port(address, int(port), int(own), int(count), float(interval))
            return 0 if works else 1
        case ["lookup-pair", address, port, timeout, *names]:
            return 0 if lookup_pair(address, int(port), float(timeout), names) else 1
        case ["flush-conntrack"]:
            flush_conntrack()
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

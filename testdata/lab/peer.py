#!/usr/bin/env python3
"""The lab's servers and clients, with nothing in their bytes that names a machine.

peer.py http ADDRESS PORT SIZE         serve SIZE bytes of text at every path
peer.py echo ADDRESS PORT              send every datagram back
peer.py dns ADDRESS PORT [DELAY]       answer every A query with 192.0.2.53, others with nothing,
                                       after DELAY seconds
peer.py get ADDRESS PORT TIMEOUT       fetch /; exit 1 if it takes longer or is cut short
peer.py datagrams ADDRESS PORT COUNT [SIZE]
                                       send COUNT, each must come back within 0.3 s
peer.py lookup ADDRESS PORT NAME…      ask for each name; each must be answered within 1 s
peer.py sink ADDRESS PORT              take every datagram and answer none
peer.py send ADDRESS PORT COUNT SIZE INTERVAL
                                       send COUNT and wait for nothing
peer.py probe ADDRESS PORT TTL…        send one with each TTL, as traceroute does
peer.py persist ADDRESS PORT SIZE      send one, and again until it comes back, 3 times at most
"""

import http.client
import http.server
import os
import signal
import socket
import socketserver
import struct
import sys
import time


def body(size: int) -> bytes:
    """Numbered lines: any piece of it tells where in the download it belongs."""
    lines = (f"netdiff lab line {number:06}\n" for number in range(size // 24 + 1))
    return "".join(lines).encode()[:size]


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve_http(address: str, port: int, size: int) -> None:
    content = body(size)

    class Handler(http.server.BaseHTTPRequestHandler):
        server_version = "netdiff-lab"
        sys_version = ""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            pass

    class Server(http.server.HTTPServer):
        address_family = family(address)

        def server_bind(self) -> None:
            # HTTPServer's own asks the name server for its name: a packet nobody ordered.
            socketserver.TCPServer.server_bind(self)

    server = Server((address, port), Handler)
    print("ready")
    server.serve_forever()


def serve_echo(address: str, port: int) -> None:
    with socket.socket(family(address), socket.SOCK_DGRAM) as server:
        server.bind((address, port))
        print("ready")
        while True:
            data, sender = server.recvfrom(65536)
            server.sendto(data, sender)


def dns_question(name: str, number: int) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def serve_dns(address: str, port: int, delay: float = 0) -> None:
    answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 30, 4) + bytes([192, 0, 2, 53])
    with socket.socket(family(address), socket.SOCK_DGRAM) as server:
        server.bind((address, port))
        print("ready")
        while True:
            query, sender = server.recvfrom(2048)
            time.sleep(delay)
            is_a = query[-4:-2] == b"\0\1"
            header = query[:2] + struct.pack("!5H", 0x8580, 1, is_a, 0, 0)
            server.sendto(header + query[12:] + (answer if is_a else b""), sender)


def lookup(address: str, port: int, names: list[str]) -> bool:
    answered = 0
    for number, name in enumerate(names, 0x4E44):
        with socket.socket(family(address), socket.SOCK_DGRAM) as client:
            client.settimeout(1)
            client.connect((address, port))
            try:
                client.send(dns_question(name, number))
                answered += client.recv(2048)[:2] == number.to_bytes(2, "big")
            except OSError:
                continue
    return answered == len(names)


def get(address: str, port: int, timeout: float) -> bool:
    # An alarm bounds the whole exchange; a socket's timeout would start anew with every read.
    signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
    signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        connection = http.client.HTTPConnection(address, port)
        connection.request("GET", "/", headers={"Connection": "close"})
        response = connection.getresponse()
        return len(response.read()) == int(response.headers["Content-Length"])
    except (OSError, http.client.HTTPException):
        return False


def datagrams(address: str, port: int, count: int, size: int = 0) -> bool:
    returned = 0
    with socket.socket(family(address), socket.SOCK_DGRAM) as client:
        client.settimeout(0.3)
        client.connect((address, port))
        for number in range(1, count + 1):
            data = f"netdiff lab datagram {number}".encode()
            data += body(max(0, size - len(data)))
            try:
                client.send(data)
                while (answer := client.recv(65536)) != data:
                    pass  # an earlier one's, once more
                returned += answer == data
            except OSError:
                continue
            time.sleep(0.05)
    return returned == count


def serve_sink(address: str, port: int) -> None:
    with socket.socket(family(address), socket.SOCK_DGRAM) as server:
        server.bind((address, port))
        print("ready")
        while True:
            server.recv(65536)


def send(address: str, port: int, count: int, size: int, interval: float) -> None:
    with socket.socket(family(address), socket.SOCK_DGRAM) as client:
        begin = time.monotonic()
        for number in range(count):
            data = f"netdiff lab sample {number + 1:06}|".encode()
            client.sendto((data + body(size))[:size], (address, port))
            time.sleep(max(0, begin + (number + 1) * interval - time.monotonic()))


def probe(address: str, port: int, ttls: list[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("", 0))
        for ttl in ttls:
            client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(ttl))
            client.sendto(f"netdiff lab probe {ttl}".encode(), (address, port))
            time.sleep(0.15)


def persist(address: str, port: int, size: int) -> bool:
    with socket.socket(family(address), socket.SOCK_DGRAM) as client:
        client.settimeout(0.3)
        client.connect((address, port))
        for _ in range(3):
            try:
                client.send(body(size))
                return client.recv(65536) == body(size)
            except OSError:
                continue
    return False


def main() -> int:
    match sys.argv[1:]:
        case ["http", address, port, size]:
            serve_http(address, int(port), int(size))
        case ["echo", address, port]:
            serve_echo(address, int(port))
        case ["dns", address, port, *delay]:
            serve_dns(address, int(port), *map(float, delay))
        case ["lookup", address, port, *names]:
            return 0 if lookup(address, int(port), names) else 1
        case ["sink", address, port]:
            serve_sink(address, int(port))
        case ["send", address, port, count, size, interval]:
            send(address, int(port), int(count), int(size), float(interval))
        case ["probe", address, port, *ttls]:
            probe(address, int(port), ttls)
        case ["persist", address, port, size]:
            return 0 if persist(address, int(port), int(size)) else 1
        case ["get", address, port, timeout]:
            return 0 if get(address, int(port), float(timeout)) else 1
        case ["datagrams", address, port, count, *size]:
            return 0 if datagrams(address, int(port), int(count), *map(int, size)) else 1
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

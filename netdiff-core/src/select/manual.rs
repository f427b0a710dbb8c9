//! The language of selections, described: what `netdiff explain selection` prints and docs/selection.md holds.

/// How selections are written and what they mean, as Markdown of at most 80 columns.
pub const SELECTION_MANUAL: &str = "\
# Selecting packets

    netdiff trace failing/ --flow 'icmp and 10.244.0.4'
    netdiff trace failing/ --seen-at node1/eth0 --not-seen-at node2/eth0
    netdiff trace failing/ --flow 'lost and not port 53' --since 10:33:12
    netdiff diff healthy/ failing/ --flow 'host default/web-*'
    netdiff baseline healthy/ --protocol tcp --port 8080 -o web.netdiff.json

Everything is read, followed and judged first; then a selection says what is
shown. It is asked of each packet, with what is known of its way.

## Words

    icmp  icmpv6  tcp  udp …     packets of that protocol, the inner-most one
    protocol 89                  the same by number
    10.244.0.4  10.244.0.0/16    from or to such an address, IPv4 or IPv6
    host NAME                    from or to an address of that name: a pod's
                                 namespace/name, a service's, a node's, a host's
    src WHO  dst WHO             sent by, sent to an address, network or name
    initiator WHO                of a flow that this one began, both directions
    responder WHO                of a flow that called this one
    port 53  port 30000-32767    from or to a TCP, UDP or SCTP port
    src port 53  dst port 53     from, to such a port
    seen-at NODE/INTERFACE       seen at that capture point
    not-seen-at NODE/INTERFACE   the same as `not seen-at NODE/INTERFACE`
    delivered  lost  rejected    that met this end, as the report counts them;
    looped  unknown              assumed-lost: missing at a capture of which
    assumed-lost  not-covered    nothing proves that it ran
    since TIME                   first seen at that time or later
    until TIME                   first seen before that time
    all                          all of them

Join them with `and`, `or`, `not` and parentheses (`&&`, `||` and `!` do as
well); `and` binds closer than `or`. In names, nodes and interfaces `*` stands
for any characters: `seen-at */flannel.1`, `host kube-system/*`. A name without
its namespace will do: `host web-0`.

Addresses and ports are those before and after translation: a packet to a
service's address is one to the pod behind it, too.

## Options

`--seen-at`, `--not-seen-at`, `--protocol`, `--port`, `--since` and `--until`
are the same words; `--flow` takes an expression. What all options say must
hold. Of several `--protocol` or `--port` one suffices; of several `--seen-at`,
`--not-seen-at` or `--flow` all must hold.

## Times

`2026-11-22T10:33:12Z` (RFC 3339), `10:33:12` or `10:33` (UTC, on the day on
which the set begins, or on the next one where that lies in the set) and `+5s`,
`+1.5s`, `+200ms`, `+2m`, `+1h` after the first packet of the set. All are by
the clock of the set's first node by name, to which the others' times are
converted. Where packets do not tell how a node's clock differs from that one,
its own times are taken, and the report names it.

## What a selection does

- `trace`: flows keep the selected packets and are counted anew; flows and hops
  with none are left out. Packets at hops are counted anew; times between hops,
  round trips, TTL, copies and what hops change stay those of all packets.
- Findings are judged on everything, since a packet's neighbors say what
  happened to it. Shown are those that explain, or have as evidence, a selected
  packet; those about a flow as such of which a packet is selected; and those
  about no flow. The report says how many are not shown, and the exit status
  follows what is shown.
- `diff`: flows are compared whole, since a part of what was sent compares with
  nothing. The failing set leads: shown are its flows of which a packet is
  selected, each with the reference's flow that plays its part, whatever the
  addresses there; and the reference's flows without a counterpart of which a
  packet is selected. Differences are judged on everything; shown are those of
  shown flows, and those of the sets as such.
- `baseline`: it holds the counts of the selected packets, and says so.
- A baseline holds no packets. Of one, protocols, addresses, names and ports can
  be selected (an initiator's port only where the flow has one conversation).
  Where and when packets were seen and what became of them cannot, which is an
  error; but for the reference of a `diff`, where only the flows that have no
  counterpart are then left out, and the report says so.
- A capture point or name that no set has is an error: `not seen-at` something
  misspelled would select everything.
";

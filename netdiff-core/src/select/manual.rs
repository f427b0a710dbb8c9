//! The language of selections, described: what `netdiff explain selection` prints and docs/selection.md holds.

/// How selections are written and what they mean, as Markdown.
pub const SELECTION_MANUAL: &str = "\
# Selecting packets

    netdiff trace failing/ --flow 'icmp and 10.244.0.4'
    netdiff trace failing/ --seen-at node1/eth0 --not-seen-at node2/eth0
    netdiff trace failing/ --flow 'lost and not port 53' --since 10:33:12 --until +20s
    netdiff diff healthy/ failing/ --flow 'host default/web-*'
    netdiff baseline healthy/ --protocol tcp --port 8080 -o web.netdiff.json

Everything is read and followed first; then a selection says what is shown. It is asked of each packet, with what is known of its way.

## Words

| word | selects packets |
|---|---|
| `icmp`, `icmpv6`, `tcp`, `udp`, `sctp` …, `protocol 89` | of that protocol, the inner-most one |
| `10.244.0.4`, `10.244.0.0/16`, `fd00::/64` | from or to such an address |
| `host NAME` | from or to an address of that name: a pod's `namespace/name`, a service's, a node's, a host's |
| `src WHO`, `dst WHO` | sent by, sent to an address, network or name |
| `initiator WHO`, `responder WHO` | of a flow that this one began, or that it was called by; both directions |
| `port 53`, `port 30000-32767`, `src port N`, `dst port N` | from or to a TCP, UDP or SCTP port |
| `seen-at NODE/INTERFACE` | seen at that capture point |
| `not-seen-at NODE/INTERFACE` | not seen there; the same as `not seen-at NODE/INTERFACE` |
| `delivered`, `lost`, `assumed-lost`, `rejected`, `looped`, `not-covered`, `unknown` | that met this end, as the report counts them |
| `since TIME`, `until TIME` | first seen at that time or later; before it |
| `all` | all of them |

Join them with `and`, `or`, `not` and parentheses (`&&`, `||` and `!` do as well); `and` binds closer than `or`. In names, nodes and interfaces `*`
stands for any characters: `seen-at */flannel.1`, `host kube-system/*`. A name without its namespace will do: `host web-0`.

Addresses are those before and after translation: a packet to a service's address is one to the pod behind it, too.

## Options

`--seen-at`, `--not-seen-at`, `--protocol`, `--port`, `--since` and `--until` are the same words; `--flow` takes an expression. What all options say must
hold. Of several `--protocol` or `--port` one suffices; of several `--seen-at`, `--not-seen-at` or `--flow` all must hold.

## Times

`2026-11-22T10:33:12Z` (RFC 3339), `10:33:12` or `10:33` (UTC, on the day on which the set begins, or the next one where that lies in the set) and
`+5s`, `+1.5s`, `+200ms`, `+2m`, `+1h` after the first packet of the set. All of them by the clock of the set's first node by name, to which the
others' times are converted; the report names nodes whose clock cannot be compared with it, and takes their own times.

## What a selection does

- `trace`: flows keep the selected packets and are counted anew; flows and hops with none are left out. Of hops, packets are counted anew; times
  between hops, round trips, TTL, copies and what hops change stay those of all packets.
- Findings are judged on everything, since a packet's neighbors say what happened to it. Shown are those that explain, or name as evidence, a
  selected packet, those that are about a flow as such of which a packet is selected, and those that are about no flow. The report says how
  many are not shown. The exit status follows what is shown.
- `diff`: flows are compared whole, since half of what was sent compares with nothing. The failing set leads: shown are its flows of which a packet is
  selected, each with the reference's flow that plays its part, whatever the addresses there; and the reference's flows without a
  counterpart of which a packet is selected. Differences are judged on everything; shown are those of shown flows, and those of the sets as such.
- `baseline`: holds the selected packets' counts, as `trace` shows them, and says so.
- A baseline holds no packets: of one, protocols, addresses, names and ports can be selected (the initiator's port only where the flow has one
  conversation); where and when packets were seen and what became of them is an error. As the reference of a `diff` it is
  none: only the flows that only the reference has are then left out, and the report says so.
- A capture point or name that no set has is an error: `not seen-at` something misspelled would select everything.
";

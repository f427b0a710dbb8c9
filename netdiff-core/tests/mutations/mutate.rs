//! Files with a few bytes changed, the same for the same seed.

/// A small generator of numbers (splitmix64): the same on every machine.
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, 0 where that is 0.
    pub const fn below(&mut self, end: usize) -> usize {
        (self.next() % if end == 0 { 1 } else { end as u64 }) as usize
    }
}

/// Numbers that lengths, offsets and times go wrong at.
const EDGES: [u32; 10] = [
    0,
    1,
    15,
    0x7fff,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff0,
    u32::MAX,
];

/// The file with one to eight changes: bits, bytes, numbers, pieces that are gone, doubled, moved or zero.
pub fn mutated(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=random.below(8) {
        if out.is_empty() {
            return out;
        }
        // Headers are where it hurts: every second change is near the beginning.
        let end = match random.below(2) {
            0 => out.len().min(256),
            _ => out.len(),
        };
        let at = random.below(end);
        let len = 1 + random.below((out.len() - at).min(64));
        match random.below(9) {
            0 => out[at] ^= 1 << random.below(8),
            1 => out[at] = random.next() as u8,
            2 | 3 => {
                let value = EDGES[random.below(EDGES.len())];
                let value = match random.below(2) {
                    0 => value.to_le_bytes(),
                    _ => value.to_be_bytes(),
                };
                let room = out.len() - at;
                let width = [1, 2, 4][random.below(3)].min(room);
                out[at..at + width].copy_from_slice(&value[..width]);
            }
            4 => drop(out.drain(at..at + len)),
            5 => {
                let piece = out[at..at + len].to_vec();
                drop(out.splice(at..at, piece));
            }
            6 => {
                let piece = out[at..at + len].to_vec();
                let to = random.below(out.len() - len + 1);
                out[to..to + len].copy_from_slice(&piece);
            }
            7 => out[at..at + len].fill(0),
            _ => out.truncate(at),
        }
    }
    out
}

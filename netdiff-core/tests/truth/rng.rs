//! Chance that is the same on every run.

/// `SplitMix64`: small, and each seed a stream of its own.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A stream for `seed`; `lane` parts the streams of one seed.
    pub fn new(seed: u64, lane: u64) -> Self {
        let mut rng = Self(seed ^ lane.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        rng.next();
        rng
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = (high - low).unsigned_abs() + 1;
        low + (self.next() % width).cast_signed()
    }

    pub fn percent(&mut self, chance: u8) -> bool {
        self.next() % 100 < u64::from(chance)
    }

    pub fn word(&mut self) -> u32 {
        (self.next() >> 32) as u32
    }

    pub fn half(&mut self) -> u16 {
        (self.next() >> 48) as u16
    }
}

/// Bytes `start..start + len` of the endless text of a seed; seed 0 is all zero bytes, as tools for measuring send.
pub fn text(seed: u64, start: u64, len: usize) -> Vec<u8> {
    if seed == 0 {
        return vec![0; len];
    }
    let word = |n: u64| Rng::new(seed, n).next().to_le_bytes();
    let end = start + len as u64;
    (start / 8..=end / 8)
        .flat_map(word)
        .skip((start % 8) as usize)
        .take(len)
        .collect()
}

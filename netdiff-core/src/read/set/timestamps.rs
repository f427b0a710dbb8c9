//! Takes dates and times out of a file's name.

use super::stem::{SEPARATORS, is_digits};

/// `text` without the dates, times and serial numbers by which rotated files differ.
///
/// Known are `20260501`, `2026-05-01` and a time of day behind either, `20260501T120000Z`,
/// 14 digits in a row, seconds since 1970 in 10 digits, and dumpcap's five-digit serial number
/// before a timestamp. Other digits belong to names: `aks-pool-12345678-vmss000000`.
pub(super) fn without_timestamps(text: &str) -> String {
    let words: Vec<&str> = text.split(SEPARATORS).collect();
    let mut kept = vec![true; words.len()];
    let mut at = 0;
    while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
        let len = timestamp_len(rest);
        kept.iter_mut()
            .skip(at)
            .take(len)
            .for_each(|kept| *kept = false);
        at += len.max(1);
    }
    for i in 1..words.len() {
        let is_serial = words
            .get(i - 1)
            .is_some_and(|word| word.len() == 5 && is_digits(word));
        if is_serial && kept.get(i) == Some(&false) {
            kept.iter_mut()
                .skip(i - 1)
                .take(1)
                .for_each(|kept| *kept = false);
        }
    }
    join_kept(text, &words, &kept)
}

/// Puts the kept words together again, each with the separator before it.
fn join_kept(text: &str, words: &[&str], kept: &[bool]) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut at = 0;
    for (word, kept) in words.iter().zip(kept) {
        let end = at + word.len();
        if *kept {
            let from = if joined.is_empty() { at } else { at - 1 };
            joined.push_str(text.get(from..end).unwrap_or(""));
        }
        at = end + 1;
    }
    joined
}

/// How many of the first words are a timestamp; 0 for none.
fn timestamp_len(words: &[&str]) -> usize {
    let word = |i: usize| words.get(i).copied().unwrap_or("");
    if is_epoch(word(0)) || is_date_time(word(0)) {
        return 1;
    }
    let date_len = if is_date(word(0)) {
        1
    } else if is_date(&[word(0), word(1), word(2)].concat()) && word(1).len() == 2 {
        3
    } else {
        return 0;
    };
    let after = |n: usize| (0..n).all(|i| is_two_digits(word(date_len + i)));
    if matches!(word(date_len).len(), 4 | 6) && is_digits(word(date_len)) {
        date_len + 1
    } else if after(3) {
        date_len + 3
    } else if after(2) {
        date_len + 2
    } else {
        date_len
    }
}

/// Seconds since 1970 between 2001 and 2096, ten digits.
fn is_epoch(word: &str) -> bool {
    word.len() == 10 && is_digits(word) && matches!(word.as_bytes().first(), Some(b'1'..=b'3'))
}

fn is_date_time(word: &str) -> bool {
    let word = word.trim_end_matches('Z');
    let (Some(date), Some(time)) = (word.get(..8), word.get(8..)) else {
        return false;
    };
    let time = time.trim_start_matches('T');
    is_date(date) && matches!(time.len(), 4 | 6) && is_digits(time)
}

/// `YYYYMMDD` between 1990 and 2099.
fn is_date(word: &str) -> bool {
    let number = |from: usize, to: usize| word.get(from..to).and_then(|part| part.parse().ok());
    word.len() == 8
        && is_digits(word)
        && number(0, 4).is_some_and(|year: u32| (1990..2100).contains(&year))
        && number(4, 6).is_some_and(|month| (1..=12).contains(&month))
        && number(6, 8).is_some_and(|day| (1..=31).contains(&day))
}

fn is_two_digits(word: &str) -> bool {
    word.len() == 2 && is_digits(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_fall_out_and_names_stay() {
        for (name, rest) in [
            ("eth0-20260501-120000", "eth0"),
            ("eth0.2026-05-01", "eth0"),
            ("eth0_2026-05-01_12-30-59_master", "eth0_master"),
            ("20260501T120000Z-eth0", "eth0"),
            ("eth0-1714560000", "eth0"),
            ("eth0_00001_20260501120000", "eth0"),
            (
                "aks-pool-12345678-vmss000000",
                "aks-pool-12345678-vmss000000",
            ),
            ("ip-10-0-0-1.ec2.internal", "ip-10-0-0-1.ec2.internal"),
        ] {
            assert_eq!(without_timestamps(name), rest, "{name}");
        }
    }
}

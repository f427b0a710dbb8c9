//! Times as text, only here.

use crate::types::Timestamp;

/// RFC 3339 in UTC with nine digits, such as `2026-11-22T10:33:12.000015000Z`.
///
/// A time outside the calendar's range, which no `i64` of nanoseconds reaches, would be written as nanoseconds.
pub(super) fn render_time(time: Timestamp) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(time.0)) {
        Ok(instant) => format!("{instant:.9}"),
        Err(_) => format!("{} ns", time.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_digits_always() {
        assert_eq!(render_time(Timestamp(0)), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(render_time(Timestamp(-1)), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(
            render_time(Timestamp(1_795_363_876_198_323_000)),
            "2026-11-22T16:11:16.198323000Z"
        );
    }
}

//! What the locale says of the terminal's signs.

use std::env;

/// Whether text may hold signs beyond ASCII. The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set decides: it must name UTF-8. Where none is set,
/// as in most containers and on Windows, terminals take UTF-8.
pub(crate) fn has_unicode() -> bool {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_none_or(|locale| names_utf8(&locale))
}

/// `de_DE.UTF-8`, `C.utf8`, `UTF-8`.
fn names_utf8(locale: &str) -> bool {
    let name = locale.to_ascii_lowercase();
    name.contains("utf-8") || name.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_name_their_signs() {
        for unicode in ["de_DE.UTF-8", "C.utf8", "en_US.utf-8@euro", "UTF-8"] {
            assert!(names_utf8(unicode), "{unicode}");
        }
        for other in ["C", "POSIX", "en_US", "de_DE@euro", "zh_CN.GB18030"] {
            assert!(!names_utf8(other), "{other}");
        }
    }
}

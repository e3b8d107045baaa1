//! Figures as people read them.
use super::t;

/// 12,345: both languages group by three.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// 38 ms, 1.3 s, 2 min 5 s, of milliseconds.
pub fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => t().minutes(ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// 812 B, 3.4 KB, 1.2 MB.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{}.{} KB", count / 1_000, count % 1_000 / 100),
        _ => format!("{}.{} MB", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        let shown = [0, 999, 1_000, 12_345, 1_234_567].map(number);
        assert_eq!(shown, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(number(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn sizes_have_a_unit_that_keeps_them_short() {
        assert_eq!([0, 999, 3_456, 1_250_000].map(bytes), ["0 B", "999 B", "3.4 KB", "1.2 MB"]);
    }

    #[test]
    fn durations_are_read_at_a_glance() {
        let shown = [0, 999, 1_300, 59_999, 60_000, 125_400].map(duration);
        assert_eq!(shown, ["0 ms", "999 ms", "1.3 s", "59.9 s", "1 min 0 s", "2 min 5 s"]);
    }
}

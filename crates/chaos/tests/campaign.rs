//! The quick share of the campaign, and whether it can find anything.
use chaos::{Options, installation, run};

/// Where two courses part.
fn parting(one: &[String], other: &[String]) -> String {
    let at = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let around = |lines: &[String]| lines[at.saturating_sub(3)..(at + 3).min(lines.len())].join("\n");
    format!("line {at}:\n{}\n---\n{}", around(one), around(other))
}

#[test]
fn one_seed_has_one_course() {
    let base = installation().unwrap();
    for seed in 1..=30 {
        let options = Options { trace: true, ..Options::default() };
        let (one, other) = (run(seed, options, &base).unwrap(), run(seed, options, &base).unwrap());
        assert_eq!(one.hash, other.hash, "seed {seed} {}", parting(&one.lines, &other.lines));
    }
}

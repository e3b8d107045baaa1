//! A marked section at the end of a file that is somebody else's.
const BEGIN: &str =
    "; agm begins here: written by `agm autostart write`, taken out by `agm autostart remove`";
const END: &str = "; agm ends here";

/// The file with the section and no older one.
pub fn with(text: &str, section: &str) -> String {
    let others = without(text);
    let gap = if others.is_empty() || others.ends_with('\n') { "" } else { "\n" };
    format!("{others}{gap}{BEGIN}\n{section}{END}\n")
}

/// The file as it was before. A section that was added behind a last line without an end takes that end along; of one
/// whose end somebody took away only the beginning goes, since nobody knows where it ended.
pub fn without(text: &str) -> String {
    let Some((before, rest)) = text.split_once(BEGIN) else { return text.to_owned() };
    let after = rest.split_once(END).map_or(rest, |(_, after)| after);
    format!("{before}{}", after.strip_prefix('\n').unwrap_or(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_comes_once_and_goes_whole() {
        for file in ["", "[a]\nx=1\n", "[a]\nx=1\n\n; end\n"] {
            let once = with(file, "[include]\nfiles = f\n");
            assert_eq!(with(&once, "[include]\nfiles = f\n"), once);
            assert_eq!(without(&once), file);
            let more = format!("{once}[b]\ny=2\n");
            assert_eq!(without(&more), format!("{file}[b]\ny=2\n"), "what others added later stays");
        }
        assert_eq!(without(&with("x=1", "s\n")), "x=1\n");
        let endless = format!("a\n{BEGIN}\ns\n[b]\ny=2\n");
        assert_eq!(without(&endless), "a\ns\n[b]\ny=2\n", "what others wrote is not ours to take");
    }
}

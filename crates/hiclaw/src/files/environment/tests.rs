use super::*;
use proptest::prelude::*;

const FILE: &str = "# HiClaw\nHICLAW_LLM_API_KEY=sk-1\nHICLAW_DEFAULT_MODEL=old\r\nHICLAW_ADMIN_USER=a=b";

#[test]
fn one_line_changes_and_all_else_stays() {
    assert_eq!(value(FILE), Some("old"));
    let after = with_value(FILE, Some("new"));
    assert_eq!(after, FILE.replace("=old", "=new"));
    assert_eq!(with_value(&after, Some("old")), FILE);
    assert_eq!(with_value(FILE, None), "# HiClaw\nHICLAW_LLM_API_KEY=sk-1\nHICLAW_ADMIN_USER=a=b");
}

#[test]
fn a_variable_that_is_missing_is_added_as_a_line_of_its_own() {
    assert_eq!(with_value("A=1", Some("m")), "A=1\nHICLAW_DEFAULT_MODEL=m\n");
    assert_eq!(with_value("", Some("m")), "HICLAW_DEFAULT_MODEL=m\n");
    assert_eq!(value("#HICLAW_DEFAULT_MODEL=x\nHICLAW_DEFAULT_MODEL_2=y\n"), None);
}

#[test]
fn of_several_lines_the_last_counts_and_is_kept() {
    let twice = "HICLAW_DEFAULT_MODEL=a\nB=1\nHICLAW_DEFAULT_MODEL=b\n";
    assert_eq!(value(twice), Some("b"));
    assert_eq!(with_value(twice, Some("c")), "B=1\nHICLAW_DEFAULT_MODEL=c\n");
}

#[test]
fn a_model_that_a_shell_would_read_otherwise_is_refused() {
    for odd in ["a b", "a#b", "a$b", "a'b"] {
        let Ok(model) = odd.parse::<ModelId>() else { continue };
        assert!(matches!(fit(&model), Err(Error::NoSource(_))), "{odd}");
    }
    assert!(fit(&"openai/gpt-4o:latest".parse().unwrap()).is_ok());
}

proptest! {
    /// What was written is read; whoever else has lines there keeps them.
    #[test]
    fn what_is_written_is_read_and_other_lines_are_kept(
        lines in proptest::collection::vec("[ -~]{0,12}\r?\n|HICLAW_DEFAULT_MODEL=[a-z]{0,4}\n", 0..8),
        model in "[a-z0-9./:-]{1,12}",
    ) {
        let text = lines.concat();
        let after = with_value(&text, Some(&model));
        prop_assert_eq!(value(&after), Some(model.as_str()));
        let others = |text: &str| -> Vec<String> {
            text.split_inclusive('\n').filter(|line| set_by(line).is_none()).map(str::to_owned).collect()
        };
        prop_assert_eq!(others(&after), others(&text));
        let without = with_value(&after, None);
        prop_assert_eq!(value(&without), None);
    }
}

//! The documentation leads nowhere that does not exist, and shows no command that cannot be said.
use clap::error::ErrorKind;
use server::cli;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// A page of the documentation.
struct Page {
    path: PathBuf,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn pages() -> Vec<Page> {
    let folders = ["", "docs", "skill", "skill/references"].map(|folder| root().join(folder));
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut paths: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "md"));
    paths.sort();
    assert!(paths.len() > 10, "{paths:?}");
    let read = |path: PathBuf| Page { text: std::fs::read_to_string(&path).unwrap(), path };
    paths.into_iter().map(read).collect()
}

/// The lines of code blocks for a shell, with those that a backslash continues as one.
fn code(page: &Page) -> Vec<String> {
    let blocks = page.text.split("\n```").collect::<Vec<_>>();
    let inside = blocks.iter().skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    let wanted = inside.filter(|(language, _)| ["sh", "bash"].contains(language)).map(|(_, block)| block);
    wanted
        .flat_map(|block| block.replace("\\\n", "").lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The text without its code blocks.
fn prose(page: &Page) -> String {
    page.text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// What stands between single back-quotes.
fn quoted(page: &Page) -> Vec<String> {
    prose(page).split('`').skip(1).step_by(2).map(|code| code.replace('\n', " ")).collect()
}

/// The targets of links and pictures.
fn links(page: &Page) -> Vec<String> {
    let text = prose(page);
    let markdown = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let html = text.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next());
    markdown.chain(html).map(str::to_owned).collect()
}

/// The names by which headings are linked.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    let slug = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(slug).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    for page in pages() {
        for link in links(&page) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if file.is_empty() { page.path.clone() } else { page.path.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link} is not there", page.path.display());
            if !anchor.is_empty() {
                let text = std::fs::read_to_string(&target).unwrap();
                assert!(
                    anchors(&text).contains(anchor),
                    "{}: {link} has no such heading",
                    page.path.display()
                );
            }
        }
    }
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let readme = root().join("README.md").canonicalize().unwrap();
    let (mut reached, mut todo) = (BTreeSet::from([readme.clone()]), vec![readme]);
    let pages = pages();
    while let Some(path) = todo.pop() {
        let Some(page) = pages.iter().find(|page| page.path.canonicalize().unwrap() == path) else {
            continue;
        };
        for link in links(page) {
            let file = link.split('#').next().unwrap();
            let to = page.path.parent().unwrap().join(file).canonicalize().ok();
            todo.extend(to.filter(|to| reached.insert(to.clone())));
        }
    }
    for page in &pages {
        let path = page.path.canonicalize().unwrap();
        assert!(reached.contains(&path), "nothing leads to {}", path.display());
    }
}

/// What a word in capitals, such as `ID` or `FILE`, stands for.
const PLACEHOLDER: &str = "01JD0000000000000000000000";

/// The words of a command as a shell would split them, up to what the shell keeps for itself. None: not a command of ours.
fn words(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches("$ ");
    let line = line.strip_prefix("target/debug/").or_else(|| line.strip_prefix("/opt/agm/")).unwrap_or(line);
    if line != "agm" && !line.starts_with("agm ") {
        return None;
    }
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in line.chars().chain([' ']) {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, ' ') => {
                if ["|", ">", ">>", "2>&1", "<", "&&", "||", ";", "&"].contains(&word.as_str())
                    || word.starts_with('#')
                {
                    break;
                }
                let stands_for = word.len() > 1 && word.chars().all(|letter| letter.is_ascii_uppercase());
                let word = std::mem::take(&mut word);
                words.extend((!word.is_empty()).then(|| if stands_for { PLACEHOLDER.into() } else { word }));
            }
            _ => word.push(letter),
        }
    }
    Some(words)
}

#[test]
fn a_line_is_split_as_a_shell_does() {
    let split = |line| words(line).unwrap();
    assert_eq!(split("agm model set 'a b' --x # why"), ["agm", "model", "set", "a b", "--x"]);
    assert_eq!(split("target/debug/agm export > file"), ["agm", "export"]);
    assert_eq!(split("agm watch ID"), ["agm", "watch", PLACEHOLDER]);
    assert!(words("agm-chaos --runs 1").is_none() && words("make run").is_none());
}

/// An option of its own word, such as `agm history --undo`, may lack what belongs to it in the middle of a sentence.
fn can_be_said(words: &[String], in_a_sentence: bool) -> Result<(), String> {
    match cli::command().try_get_matches_from(words) {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Ok(()),
            ErrorKind::MissingRequiredArgument | ErrorKind::InvalidValue if in_a_sentence => Ok(()),
            _ => Err(error.to_string()),
        },
    }
}

#[test]
fn every_command_of_ours_can_be_said() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for page in pages() {
        let shown = code(&page).into_iter().map(|line| (line, false));
        let named = quoted(&page).into_iter().map(|line| (line, true));
        for (line, in_a_sentence) in shown.chain(named) {
            let Some(words) = words(&line) else { continue };
            seen += 1;
            if let Err(why) = can_be_said(&words, in_a_sentence) {
                wrong.push(format!("{}: {line}\n{why}", page.path.display()));
            }
        }
    }
    assert!(seen > 40, "only {seen} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_target_of_make_exists() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let targets: BTreeSet<_> =
        makefile.lines().filter_map(|line| line.strip_prefix(".PHONY: ")).map(str::trim).collect();
    for page in pages() {
        for line in code(&page).into_iter().chain(quoted(&page)) {
            let Some(target) = line.trim().strip_prefix("make ") else { continue };
            let target = target.split([' ', '#']).next().unwrap();
            assert!(targets.contains(target), "{}: there is no `make {target}`", page.path.display());
        }
    }
}

#[test]
fn the_reference_of_the_configuration_is_what_the_program_prints() {
    let page = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    assert!(page == cli::reference(&cli::command()), "it is stale: `make reference` writes it anew");
}

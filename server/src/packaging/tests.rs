use super::*;
use std::os::unix::fs::PermissionsExt;

const PROGRAM: &str = "/opt/agm/agm";
/// As of HiClaw's image: every program in one file, which includes nothing.
const HICLAW: &str = "[supervisord]\nnodaemon=true\n\n[program:manager-agent]\ncommand=/bin/true\n";

/// A root as HiClaw's container has it.
fn hiclaw() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for folder in
        ["data", "etc/supervisor/conf.d", "opt/hiclaw/agent/skills", "root/manager-workspace/skills"]
    {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    fs::write(root.path().join("etc/supervisor/conf.d/supervisord.conf"), HICLAW).unwrap();
    root
}

/// Every file and folder below a root, with what is in it and who may do what.
fn everything(root: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    fn below(folder: &Path, all: &mut Vec<(PathBuf, u32, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let about = fs::symlink_metadata(&path).unwrap();
            let content = match about.file_type() {
                kind if kind.is_symlink() => {
                    fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
                }
                kind if kind.is_file() => fs::read(&path).unwrap(),
                _ => Vec::new(),
            };
            all.push((path.clone(), about.permissions().mode(), content));
            if about.is_dir() {
                below(&path, all);
            }
        }
    }
    let mut all = Vec::new();
    below(root, &mut all);
    all.sort();
    all
}

/// The same without the root and what may be done.
fn paths(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let all = everything(root).into_iter();
    all.map(|(path, _, content)| (path.strip_prefix(root).unwrap().to_owned(), content)).collect()
}

fn states(all: &[Written]) -> BTreeSet<&'static str> {
    let word = |file: &Written| match file.state {
        State::Written => "written",
        State::Unchanged => "unchanged",
        State::Removed => "removed",
        State::Restored => "restored",
        State::Missing => "missing",
        State::Changed => "changed",
    };
    all.iter().map(word).collect()
}

#[test]
fn a_preview_tells_what_a_write_does_and_does_nothing() {
    let root = hiclaw();
    let before = everything(root.path());
    let told = preview(root.path(), Kind::Supervisord, PROGRAM).unwrap();
    assert_eq!(everything(root.path()), before);
    assert_eq!(told, write(root.path(), Kind::Supervisord, PROGRAM).unwrap());
    assert_eq!(states(&preview(root.path(), Kind::Supervisord, PROGRAM).unwrap()), ["unchanged"].into());
}

#[test]
fn what_is_written_is_there_once_and_goes_without_a_trace() {
    for wanted in [Kind::Supervisord, Kind::Systemd] {
        let root = hiclaw();
        fs::create_dir_all(root.path().join("etc/systemd/system")).unwrap();
        let before = everything(root.path());
        let first = write(root.path(), wanted, PROGRAM).unwrap();
        assert_eq!(states(&first), ["written"].into());
        let once = everything(root.path());
        assert_eq!(states(&write(root.path(), wanted, PROGRAM).unwrap()), ["unchanged"].into());
        assert_eq!(everything(root.path()), once, "a second time changes nothing");
        assert_eq!(states(&status(root.path()).unwrap()), ["unchanged"].into());
        assert_eq!(states(&remove(root.path()).unwrap()), ["removed"].into());
        assert_eq!(everything(root.path()), before);
        assert_eq!(remove(root.path()).unwrap(), [], "there is nothing left to remove");
    }
}

#[test]
fn hiclaws_own_supervisord_reads_the_program_and_keeps_everything_of_its_own() {
    let root = hiclaw();
    assert_eq!(kind(root.path()).unwrap(), Kind::Supervisord);
    write(root.path(), Kind::Supervisord, PROGRAM).unwrap();
    let main = fs::read_to_string(root.path().join("etc/supervisor/conf.d/supervisord.conf")).unwrap();
    assert!(
        main.starts_with(HICLAW) && main.contains("[include]\nfiles = /etc/supervisor/conf.d/agm.conf\n")
    );
    let program = fs::read_to_string(root.path().join("etc/supervisor/conf.d/agm.conf")).unwrap();
    assert!(
        program.contains("command=/opt/agm/agm serve --log-file /data/agm/log/agm.log\n")
            && program.contains("AGM_DATA_DIR=\"/data/agm\",AGM_TRUSTED_PROXIES=\"127.0.0.1\"\n")
    );
    let logs = program.lines().filter_map(|line| line.split_once("_logfile="));
    assert!(logs.into_iter().all(|(_, path)| path == "NONE"), "the folder of a log must be there: {program}");
    let skill = root.path().join("root/manager-workspace/skills/ai-gateway-management");
    assert!(
        fs::read_to_string(skill.join("SKILL.md")).unwrap().starts_with("---\nname: ai-gateway-management\n")
    );
    let mode = fs::metadata(skill.join("scripts/set-model.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
}

#[test]
fn a_folder_called_data_is_hiclaws_volume_only_in_its_containers() {
    let root = hiclaw();
    assert_eq!(data_dir(root.path()), root.path().join("data/agm"));
    fs::remove_dir_all(root.path().join("opt")).unwrap();
    assert_eq!(data_dir(root.path()), root.path().join("var/lib/agm"));
}

#[test]
fn settings_that_include_the_folder_are_left_alone_and_others_are_not_guessed_at() {
    let root = tempfile::tempdir().unwrap();
    assert!(matches!(kind(root.path()), Err(PackagingError::NoStarter)));
    fs::create_dir_all(root.path().join("etc/supervisor/conf.d")).unwrap();
    let main = root.path().join("etc/supervisor/supervisord.conf");
    for pattern in ["/etc/supervisor/conf.d/*.conf", "conf.d/*.conf", "%(here)s/conf.d/agm.conf"] {
        let debian = format!("[supervisord]\n\n[include]\nfiles = {pattern}\n");
        fs::write(&main, &debian).unwrap();
        write(root.path(), Kind::Supervisord, PROGRAM).unwrap();
        assert_eq!(fs::read_to_string(&main).unwrap(), debian);
        remove(root.path()).unwrap();
    }
    // Of these the second means another folder than the one that it names.
    for pattern in ["/srv/*.ini", "supervisor/conf.d/*.conf"] {
        fs::write(&main, format!("[include]\nfiles = {pattern}\n")).unwrap();
        let refused = write(root.path(), Kind::Supervisord, PROGRAM).unwrap_err();
        assert!(refused.to_string().contains("add it to `files`"), "{refused}");
    }
}

#[test]
fn what_somebody_changed_is_neither_overwritten_nor_removed() {
    let root = hiclaw();
    write(root.path(), Kind::Supervisord, PROGRAM).unwrap();
    let file = root.path().join("etc/supervisor/conf.d/agm.conf");
    let mine = fs::read_to_string(&file).unwrap().replace("startretries=60", "startretries=3");
    fs::write(&file, &mine).unwrap();
    let before = everything(root.path());
    let refused = write(root.path(), Kind::Supervisord, "/elsewhere/agm").unwrap_err().to_string();
    assert!(refused.starts_with("/etc/supervisor/conf.d/agm.conf was changed by somebody else"), "{refused}");
    assert!(refused.contains("- startretries=3") && refused.contains("+ startretries=60"), "{refused}");
    assert_eq!(everything(root.path()), before, "all or nothing");
    assert_eq!(states(&status(root.path()).unwrap()), ["changed", "unchanged"].into());
    let removed = remove(root.path()).unwrap();
    let kept: Vec<_> = removed.iter().filter(|file| file.state == State::Changed).collect();
    assert_eq!((kept.len(), fs::read_to_string(&file).unwrap()), (1, mine.clone()));
    assert_eq!(states(&status(root.path()).unwrap()), ["changed"].into(), "it is still known");
    fs::remove_file(&file).unwrap();
    remove(root.path()).unwrap();
    assert!(!root.path().join("data/agm").exists());
}

#[test]
fn a_newer_version_replaces_what_the_older_one_wrote() {
    let root = hiclaw();
    write(root.path(), Kind::Supervisord, "/old/agm").unwrap();
    let again = write(root.path(), Kind::Supervisord, PROGRAM).unwrap();
    let written: Vec<_> =
        again.iter().filter(|file| file.state == State::Written).map(|file| file.path.as_str()).collect();
    assert_eq!(written, ["/etc/supervisor/conf.d/agm.conf", "/usr/local/bin/agm"]);
    assert_eq!(fs::read_link(root.path().join("usr/local/bin/agm")).unwrap(), Path::new(PROGRAM));
}

const FIRST: &str = "---\nname: ai-gateway-management\n---\nAnother.\n";

/// A root with the skill of the first version of this product.
fn with_the_first_version() -> tempfile::TempDir {
    let root = hiclaw();
    let skill = root.path().join("opt/hiclaw/agent/skills/ai-gateway-management");
    fs::create_dir_all(skill.join("scripts")).unwrap();
    for file in ["SKILL.md", "scripts/monitor-server.sh", "scripts/install.sh"] {
        fs::write(skill.join(file), FIRST).unwrap();
    }
    root
}

#[test]
fn the_skill_of_the_first_version_is_put_aside_and_comes_back() {
    let root = with_the_first_version();
    let skill = root.path().join("opt/hiclaw/agent/skills/ai-gateway-management");
    let before = everything(root.path());
    write(root.path(), Kind::Supervisord, PROGRAM).unwrap();
    assert!(fs::read_to_string(skill.join("SKILL.md")).unwrap().contains("## The five commands"));
    assert_eq!(states(&remove(root.path()).unwrap()), ["removed", "restored"].into());
    assert_eq!(everything(root.path()), before);

    write(root.path(), Kind::Supervisord, PROGRAM).unwrap();
    fs::remove_dir_all(&skill).unwrap();
    assert_eq!(states(&remove(root.path()).unwrap()), ["missing", "removed"].into(), "a container made anew");
    assert!(!skill.exists() && !root.path().join("data/agm").exists());
}

#[test]
fn a_skill_in_hiclaws_frame_is_still_ours() {
    let root = hiclaw();
    let before = everything(root.path());
    write(root.path(), Kind::Supervisord, PROGRAM).unwrap();
    let text = root.path().join("root/manager-workspace/skills/ai-gateway-management/SKILL.md");
    let plain = fs::read_to_string(&text).unwrap();
    let frame = "<!-- hiclaw-builtin-start -->\n> Do not edit.\n\n";
    fs::write(&text, format!("{frame}{plain}\n<!-- hiclaw-builtin-end -->\n")).unwrap();
    assert_eq!(states(&status(root.path()).unwrap()), ["unchanged"].into());
    remove(root.path()).unwrap();
    assert_eq!(everything(root.path()), before);
}

/// A death between two files: the record is there before the first of them.
#[test]
fn what_a_death_left_half_written_is_completed_or_removed() {
    let whole = with_the_first_version();
    let before = paths(whole.path());
    let all = write(whole.path(), Kind::Supervisord, PROGRAM).unwrap();
    let record = fs::read(whole.path().join("data/agm/autostart.json")).unwrap();
    for (done, complete) in (0..all.len()).step_by(4).flat_map(|done| [(done, true), (done, false)]) {
        let root = with_the_first_version();
        write(root.path(), Kind::Supervisord, PROGRAM).unwrap();
        for file in all.iter().skip(done) {
            let place = inside(root.path(), &file.path);
            fs::remove_file(&place).unwrap();
            let skill = "/opt/hiclaw/agent/skills/ai-gateway-management/";
            match file.path.strip_prefix(skill) {
                Some("SKILL.md" | "scripts/monitor-server.sh") => fs::write(place, FIRST).unwrap(),
                _ if file.path.ends_with("supervisord.conf") => fs::write(place, HICLAW).unwrap(),
                _ => {}
            }
        }
        if complete {
            write(root.path(), Kind::Supervisord, PROGRAM).unwrap();
            assert_eq!(states(&status(root.path()).unwrap()), ["unchanged"].into());
            assert_eq!(fs::read(root.path().join("data/agm/autostart.json")).unwrap(), record);
        }
        remove(root.path()).unwrap();
        assert_eq!(paths(root.path()), before, "{done} {complete}");
    }
}

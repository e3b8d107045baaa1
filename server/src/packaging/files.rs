//! What is written where.
use super::{PackagingError, section};
use std::{fs, path::Path};

/// What starts the server with the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    Supervisord,
    Systemd,
}

/// What stands at a path once it is written.
pub enum Content {
    Text {
        text: String,
        mode: u32,
    },
    /// A symbolic link to this path.
    Link(String),
    /// An addition to a file that is somebody else's.
    Section(String),
}

/// A path inside the root, such as `/etc/systemd/system/agm.service`, and what shall stand there.
pub struct Wanted {
    pub path: String,
    pub content: Content,
}

pub const UNIT: &str = "/etc/systemd/system/agm.service";
/// What stands there, with places for the paths of the program and of its data.
pub const UNIT_TEXT: &str = include_str!("../../../packaging/agm.service");
/// What supervisord reads of the server.
pub const PROGRAM: &str = "/etc/supervisor/conf.d/agm.conf";
/// A pattern that takes it in.
const PROGRAMS: &str = "/etc/supervisor/conf.d/*.conf";
const COMMAND: &str = "/usr/local/bin/agm";

/// Where supervisord reads its settings: in HiClaw's images, in Debian's package, elsewhere.
const SUPERVISORD: [&str; 3] =
    ["/etc/supervisor/conf.d/supervisord.conf", "/etc/supervisor/supervisord.conf", "/etc/supervisord.conf"];

/// Folders of skills: HiClaw copies those of its image into the Manager's workspace when the workspace is new or the
/// image has another version, and the Manager reads those of the workspace.
const SKILLS: [&str; 3] =
    ["/opt/hiclaw/agent/skills", "/opt/agentteams/agent/skills", "/root/manager-workspace/skills"];

/// The skill's folder among the skills.
pub const SKILL: &str = "ai-gateway-management";

macro_rules! skill_files {
    ($($path:literal $mode:literal)*) => {
        [$(($path, include_str!(concat!("../../../skill/", $path)), $mode)),*]
    };
}

const SKILL_FILES: [(&str, &str, u32); 8] = skill_files! {
    "SKILL.md" 0o644
    "references/api-reference.md" 0o644
    "scripts/agm.sh" 0o755
    "scripts/create-provider.sh" 0o755
    "scripts/get-assignment.sh" 0o755
    "scripts/list-providers.sh" 0o755
    "scripts/monitor-server.sh" 0o755
    "scripts/set-model.sh" 0o755
};

/// Where the server keeps its state: in HiClaw's containers on the volume that outlasts them.
pub fn data_dir(root: &Path) -> &'static str {
    if has_volume(root) { "/data/agm" } else { "/var/lib/agm" }
}

/// Whether this is one of HiClaw's containers, with its volume.
pub fn has_volume(root: &Path) -> bool {
    let hiclaw = ["opt/hiclaw", "opt/agentteams"].iter().any(|folder| root.join(folder).is_dir());
    hiclaw && root.join("data").is_dir()
}

/// What fits this machine, without a wish.
pub fn kind(root: &Path) -> Result<Kind, PackagingError> {
    if supervisord(root).is_some() {
        Ok(Kind::Supervisord)
    } else if inside(root, "/etc/systemd/system").is_dir() {
        Ok(Kind::Systemd)
    } else {
        Err(PackagingError::NoStarter)
    }
}

/// A path of the root as one of this process.
pub fn inside(root: &Path, path: &str) -> std::path::PathBuf {
    root.join(path.trim_start_matches('/'))
}

fn supervisord(root: &Path) -> Option<&'static str> {
    SUPERVISORD.into_iter().find(|path| inside(root, path).is_file())
}

/// Everything for a program at this path.
pub fn wanted(root: &Path, kind: Kind, program: &str) -> Result<Vec<Wanted>, PackagingError> {
    let filled = |template: &str| template.replace("@program@", program).replace("@data@", data_dir(root));
    let text = |text: String, mode| Content::Text { text, mode };
    let mut all = Vec::new();
    let mut add = |path: &str, content| all.push(Wanted { path: path.to_owned(), content });
    match kind {
        Kind::Supervisord => {
            add(PROGRAM, text(filled(include_str!("../../../packaging/supervisord.conf")), 0o644));
            let main = supervisord(root).ok_or(PackagingError::NoStarter)?;
            if let Some(section) = include(root, main)? {
                add(main, Content::Section(section));
            }
        }
        Kind::Systemd => {
            add(UNIT, text(filled(UNIT_TEXT), 0o644));
            // What `systemctl enable` makes.
            add("/etc/systemd/system/multi-user.target.wants/agm.service", Content::Link(UNIT.into()));
        }
    }
    if program != COMMAND {
        add(COMMAND, Content::Link(program.into()));
    }
    for skills in SKILLS.into_iter().filter(|path| inside(root, path).is_dir()) {
        for (path, content, mode) in SKILL_FILES {
            add(&format!("{skills}/{SKILL}/{path}"), text(content.to_owned(), mode));
        }
    }
    Ok(all)
}

/// Whether a path lies in a folder that is the skill's by its name.
pub fn is_skill(path: &str) -> bool {
    SKILLS.iter().any(|skills| path.starts_with(&format!("{skills}/{SKILL}/")))
}

/// What supervisord's own settings lack to read the program's: HiClaw's name every program and include nothing.
fn include(root: &Path, main: &str) -> Result<Option<String>, PackagingError> {
    let path = inside(root, main);
    let text = fs::read_to_string(&path).map_err(|source| PackagingError::Io { path, source })?;
    let others = section::without(&text);
    let Some(patterns) = included(&others) else {
        return Ok(Some(format!("[include]\nfiles = {PROGRAM}\n")));
    };
    // As supervisord has it: by the folder of the file that says so.
    let folder = Path::new(main).parent().unwrap_or(Path::new("/"));
    let covers = |pattern: &str| {
        let pattern = folder.join(pattern.replace("%(here)s", &folder.display().to_string()));
        [PROGRAM, PROGRAMS].map(Path::new).contains(&pattern.as_path())
    };
    if patterns.split_whitespace().any(covers) {
        return Ok(None);
    }
    Err(PackagingError::Include { path: main.to_owned(), program: PROGRAM })
}

/// The patterns of an `[include]` section; none when there is no such section.
fn included(settings: &str) -> Option<String> {
    let section = settings
        .split("\n[")
        .map(|part| part.trim_start_matches('['))
        .find(|part| part.starts_with("include]"))?;
    let value = section.lines().find_map(|line| line.trim().strip_prefix("files")?.trim().strip_prefix('='));
    Some(value.unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_supervisord_includes_is_found() {
        let debian = "[supervisord]\nlogfile=x\n\n[include]\nfiles = /etc/supervisor/conf.d/*.conf\n";
        assert_eq!(included(debian).unwrap().trim(), "/etc/supervisor/conf.d/*.conf");
        assert_eq!(included("[include]\nfiles=a.ini b.ini\n").unwrap(), "a.ini b.ini");
        assert_eq!(included("[supervisord]\n; [include]\n[program:include]\nfiles=x\n"), None);
    }

    #[test]
    fn the_files_have_no_place_left_open() {
        let root = tempfile::tempdir().unwrap();
        for kind in [Kind::Supervisord, Kind::Systemd] {
            fs::create_dir_all(root.path().join("etc/supervisor")).unwrap();
            fs::write(root.path().join("etc/supervisor/supervisord.conf"), "[supervisord]\n").unwrap();
            for Wanted { path, content } in wanted(root.path(), kind, "/opt/agm/agm").unwrap() {
                if let Content::Text { text, .. } = content {
                    assert!(!text.contains("@program@") && !text.contains("@data@"), "{path}");
                }
            }
        }
    }

    #[test]
    fn everything_of_the_skill_is_brought_along_and_it_names_itself() {
        fn below(folder: &Path, prefix: &str, all: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
                match entry.path().is_dir() {
                    true => below(&entry.path(), &format!("{path}/"), all),
                    false => all.push(path),
                }
            }
        }
        let mut there = Vec::new();
        below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../skill"), "", &mut there);
        there.sort();
        assert_eq!(there, SKILL_FILES.map(|(path, ..)| path));
        let head = SKILL_FILES[0].1.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap().0;
        let head: std::collections::BTreeMap<String, String> = serde_saphyr::from_str(head).unwrap();
        assert_eq!((head["name"].as_str(), head.len()), (SKILL, 2));
        assert!((80..1024).contains(&head["description"].len()));
    }

    /// HiClaw fills in variables of that form in the texts of skills, which would show what they hold.
    #[test]
    fn the_texts_of_the_skill_have_no_variables() {
        for (path, text, _) in SKILL_FILES.iter().filter(|(path, ..)| path.ends_with(".md")) {
            assert!(!text.contains("${"), "{path}");
        }
    }
}

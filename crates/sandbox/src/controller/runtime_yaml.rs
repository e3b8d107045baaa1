//! `runtime.yaml`, the config of QwenPaw workers.
use std::fmt::Write as _;

use super::{generation::Ways, member::Role};

/// Somebody of a team.
pub(super) struct Mate {
    pub(super) name: String,
    pub(super) runtime_name: String,
    pub(super) user: String,
    pub(super) room: String,
    pub(super) role: Role,
}

/// The team that a member works in.
pub(super) struct Team<'a> {
    pub(super) name: &'a str,
    pub(super) room: &'a str,
    pub(super) leader_room: &'a str,
    pub(super) mates: &'a [Mate],
}

/// Whose config it is, and what is in it.
pub(super) struct Runtime<'a> {
    pub(super) mate: &'a Mate,
    pub(super) model: &'a str,
    pub(super) state: &'a str,
    /// What it calls, where that is not the default.
    pub(super) gateway: Option<&'a str>,
    pub(super) generation: u64,
    /// RFC 3339.
    pub(super) at: &'a str,
    pub(super) team: Option<Team<'a>>,
}

/// The line that a new time alone does not make worth writing.
pub(super) const STAMP: &str = "  updatedAt: ";

/// The file's text, with keys in order as the controller's encoder has them.
pub(super) fn text(ways: &Ways, runtime: &Runtime<'_>) -> String {
    let Runtime { mate, .. } = runtime;
    let (env, prefix) = (ways.env, ways.prefix);
    let mut out = format!(
        "apiVersion: {}/v1beta1\ncredentials:\n  gatewayKeyEnv: {env}_WORKER_GATEWAY_KEY\n  matrixTokenEnv: \
         {env}_WORKER_MATRIX_TOKEN\n  serviceAccountTokenPath: /var/run/secrets/{prefix}/token\n  \
         storageAccessKeyEnv: {env}_FS_ACCESS_KEY\n  storageSecretKeyEnv: {env}_FS_SECRET_KEY\ndesired:\n  model:\n",
        ways.group
    );
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    if let Some(gateway) = runtime.gateway {
        line(format!("    gatewayUrl: {gateway}"));
    }
    line(format!("    model: {}", plain(ways.bare(runtime.model))));
    line(format!("    providerId: {}", ways.provider()));
    line(format!("  state: {}", runtime.state));
    line("kind: MemberRuntimeConfig".to_owned());
    line("member:".to_owned());
    line(format!("  matrixUserId: {}", plain(&mate.user)));
    line(format!("  name: {}", mate.name));
    line(format!("  personalRoomId: {}", plain(&mate.room)));
    line(format!("  role: {}", mate.role.as_str()));
    line("  runtime: qwenpaw".to_owned());
    line(format!("  runtimeName: {}", mate.runtime_name));
    line("metadata:".to_owned());
    line(format!("  generation: {}", runtime.generation));
    line(format!("{STAMP}\"{}\"", runtime.at));
    line("storage:".to_owned());
    line("  globalSharedPrefix: shared".to_owned());
    line(format!("  memberPrefix: agents/{}", mate.runtime_name));
    match &runtime.team {
        None => line("  sharedPrefix: shared".to_owned()),
        Some(team) => {
            line(format!("  sharedPrefix: teams/{}/shared", team.name));
            line(format!("  teamPrefix: teams/{}", team.name));
            team_lines(&mut out, team);
        }
    }
    out
}

fn team_lines(out: &mut String, team: &Team<'_>) {
    let leader = team.mates.iter().find(|mate| mate.role == Role::Leader);
    let (name, runtime_name) =
        leader.map_or(("", ""), |leader| (leader.name.as_str(), leader.runtime_name.as_str()));
    // Writing to a text does not fail.
    let _ = write!(
        out,
        "team:\n  leaderDmRoomId: {}\n  leaderName: {name}\n  leaderRuntimeName: {runtime_name}\n  members:\n",
        plain(team.leader_room)
    );
    for mate in team.mates {
        let _ = write!(
            out,
            "  - matrixUserId: {}\n    name: {}\n    personalRoomId: {}\n    role: {}\n    runtimeName: {}\n",
            plain(&mate.user),
            mate.name,
            plain(&mate.room),
            mate.role.as_str(),
            mate.runtime_name
        );
    }
    let _ = write!(out, "  name: {0}\n  storageId: {0}\n  teamRoomId: {1}\n", team.name, plain(team.room));
}

/// A scalar, in quotes where YAML would read something else without them.
fn plain(text: &str) -> String {
    let odd = text.is_empty()
        || text.trim() != text
        || text.starts_with(|c: char| "@!&*-?|>%`'\"#{}[],".contains(c))
        || text.contains(": ")
        || text.contains(" #");
    if odd { format!("'{}'", text.replace('\'', "''")) } else { text.to_owned() }
}

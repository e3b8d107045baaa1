//! What else may start and stop the server, so that a script does not work against it.
use super::Refusal;
use crate::{packaging::Kind, pid::Running};
use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

/// A supervisor that has the server in its hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    Systemd,
    Supervisord,
}

impl Keeper {
    /// The one that is running and knows the server.
    pub fn found(root: &Path) -> Option<Self> {
        let systemd = Self::of(Kind::Systemd, root).filter(|keeper| {
            keeper.call(&["cat", "agm.service"]).is_some_and(|answer| answer.status.success())
        });
        systemd.or_else(|| {
            let answer = Self::Supervisord.call(&["status", "agm"])?;
            knows(&String::from_utf8_lossy(&answer.stdout)).then_some(Self::Supervisord)
        })
    }

    /// The one that starts programs by these files, if it is running and can be asked, whether or not it knows the server.
    pub fn of(kind: Kind, root: &Path) -> Option<Self> {
        match kind {
            // As sd_booted(3) looks: images may ship a program `systemctl` without systemd.
            Kind::Systemd => root.join("run/systemd/system").is_dir().then_some(Self::Systemd),
            Kind::Supervisord => {
                Self::Supervisord.says(&["pid"])?.parse::<u32>().ok().map(|_| Self::Supervisord)
            }
        }
    }

    /// Whether this server is the one that it started.
    pub fn runs(self, pid: Running) -> bool {
        let said = match self {
            Self::Systemd => self.says(&["show", "--property=MainPID", "--value", "agm.service"]),
            Self::Supervisord => self.says(&["pid", "agm"]),
        };
        said.is_some_and(|said| said == pid.to_string())
    }

    /// Lets it read its settings of the server anew. supervisord also starts what is new to it, starts what has changed
    /// again, and stops what is gone.
    pub fn reread(self) -> Result<(), Refusal> {
        match self {
            Self::Systemd => self.succeed(&["daemon-reload"]),
            Self::Supervisord => self.succeed(&["update", "agm"]),
        }
    }

    /// Lets it `start`, `stop` or `restart` the server.
    pub fn ask(self, verb: &str) -> Result<(), Refusal> {
        self.succeed(&[verb, "agm"])
    }

    fn succeed(self, args: &[&str]) -> Result<(), Refusal> {
        let failed = |why: &str| {
            let why = why.trim();
            Refusal::line(format!("ERROR: {} {}: {why}", self.program(), args.join(" ")))
        };
        let answer = self.call(args).ok_or_else(|| failed("it cannot be run"))?;
        if answer.status.success() {
            return Ok(());
        }
        let said = [answer.stdout, answer.stderr].concat();
        Err(failed(&String::from_utf8_lossy(&said)))
    }

    /// What it answers.
    fn says(self, args: &[&str]) -> Option<String> {
        let answer = self.call(args)?;
        Some(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    }

    fn program(self) -> &'static str {
        match self {
            Self::Systemd => "systemctl",
            Self::Supervisord => "supervisorctl",
        }
    }

    fn call(self, args: &[&str]) -> Option<Output> {
        Command::new(self.program()).args(args).stdin(Stdio::null()).output().ok()
    }
}

/// Whether `supervisorctl status agm` tells of a program: `agm  RUNNING  pid 7, uptime 0:00:05`.
fn knows(status: &str) -> bool {
    const STATES: [&str; 7] = ["STOPPED", "STARTING", "RUNNING", "BACKOFF", "STOPPING", "EXITED", "FATAL"];
    let mut words = status.split_whitespace();
    words.next() == Some("agm") && words.next().is_some_and(|state| STATES.contains(&state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_program_that_it_has_is_in_its_hands() {
        assert!(knows("agm                              RUNNING   pid 7, uptime 0:00:05\n"));
        assert!(knows("agm                              EXITED    Nov 22 02:29 PM\n"));
        assert!(!knows("agm: ERROR (no such process)\n"));
        assert!(!knows("unix:///var/run/supervisor.sock no such file\n"));
        assert!(!knows("Error: .ini file does not include supervisorctl section\n"));
    }
}

//! What differs between the generations of HiClaw, as data. Nothing else of this suite tells one from another.
use sandbox::controller::Generation as Played;

/// What an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Manager,
    OpenClaw,
    OtherRuntime,
    Leader,
    Member,
}

impl Role {
    pub const ALL: [Self; 5] =
        [Self::Manager, Self::OpenClaw, Self::OtherRuntime, Self::Leader, Self::Member];

    fn title(self) -> &'static str {
        match self {
            Self::Manager => "the Manager",
            Self::OpenClaw => "a worker that runs OpenClaw",
            Self::OtherRuntime => "a worker of another runtime",
            Self::Leader => "the leader of a team",
            Self::Member => "a member of a team",
        }
    }
}

/// What `agm` does when an agent shall run another model.
#[derive(Clone, Copy, Debug)]
pub enum Switch {
    /// It writes this object. Afterwards the agent's process takes it up in this way.
    Written { object: &'static str, taken_up: TakenUp },
    /// It refuses, for a reason and with a way that have these words.
    Refused { reason: &'static str, way: &'static str },
}

/// How an agent's process comes to run the model that its config has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenUp {
    Pulled,
    /// The process is seen that watches.
    WatchedBySeen,
    /// The new container is seen.
    MadeAnew,
    /// `agm` starts it again where it is asked to.
    AtStart,
}

impl TakenUp {
    /// Whether the end of a switch says that it was seen.
    pub fn is_seen(self) -> bool {
        matches!(self, Self::WatchedBySeen | Self::MadeAnew)
    }

    fn told(self) -> &'static str {
        match self {
            Self::Pulled => "pulled from the store",
            Self::WatchedBySeen => "watched by the agent",
            Self::MadeAnew => "its container is made anew at once",
            Self::AtStart => "when its container starts again",
        }
    }
}

/// An agent of the suite.
#[derive(Clone, Copy, Debug)]
pub struct Agent {
    pub role: Role,
    pub name: &'static str,
    pub runtime: &'static str,
    /// The key of the config that it lives by, in the bucket; none: the Manager's file on disk.
    pub lives_by: Option<&'static str>,
    pub switch: Switch,
    /// What becomes of a switch when the agent's container starts again.
    pub restart: Restart,
}

/// What the start of a container does to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    Keeps,
    /// It sets the model that HiClaw's environment names. The plan says so.
    Resets,
}

/// What becomes of an edit of an agent's config by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandEdit {
    /// It stands: the config is the truth.
    Stands,
    /// HiClaw writes over it.
    IsUndone,
}

/// What a switch of a worker cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Store,
    Controller,
}

/// One generation.
#[derive(Debug)]
pub struct Generation {
    pub name: &'static str,
    pub played: Played,
    pub holder: Holder,
    /// What containers' names begin with.
    pub prefix: &'static str,
    pub agents: &'static [Agent],
    pub hand_edit: HandEdit,
    /// How HiClaw goes over its agents by itself.
    pub pass: &'static str,
    /// What somebody reads whose switch of the suite's worker was set back.
    pub set_back: &'static str,
    /// By what `agm` is let in where models are held.
    pub entry: &'static str,
    /// What makes a container that is gone anew.
    pub makes_anew: &'static str,
}

impl Generation {
    pub fn of(&self, role: Role) -> impl Iterator<Item = &'static Agent> {
        self.agents.iter().filter(move |agent| agent.role == role)
    }

    /// The worker on whom things happen that concern all.
    pub fn worker(&self) -> &'static Agent {
        self.of(Role::OpenClaw).next().unwrap()
    }
}

pub const ALL: [&Generation; 3] = [&V1_0, &V1_1, &V1_2];

const fn agent(
    role: Role,
    name: &'static str,
    runtime: &'static str,
    lives_by: Option<&'static str>,
    switch: Switch,
) -> Agent {
    Agent { role, name, runtime, lives_by, switch, restart: Restart::Keeps }
}

const fn written(object: &'static str, taken_up: TakenUp) -> Switch {
    Switch::Written { object, taken_up }
}

pub const V1_0: Generation = Generation {
    name: "1.0",
    played: Played::V1_0,
    holder: Holder::Store,
    prefix: "hiclaw-",
    agents: &[
        Agent {
            restart: Restart::Resets,
            ..agent(
                Role::Manager,
                "manager",
                "openclaw",
                None,
                written("file:openclaw.json", TakenUp::WatchedBySeen),
            )
        },
        agent(
            Role::OpenClaw,
            "alice",
            "openclaw",
            Some("agents/alice/openclaw.json"),
            written("s3:agents/alice/openclaw.json", TakenUp::Pulled),
        ),
        agent(
            Role::OtherRuntime,
            "paul",
            "copaw",
            Some("agents/paul/openclaw.json"),
            Switch::Refused { reason: "runs copaw", way: "copaw's own settings" },
        ),
        agent(
            Role::Leader,
            "lead",
            "openclaw",
            Some("agents/lead/openclaw.json"),
            written("s3:agents/lead/openclaw.json", TakenUp::Pulled),
        ),
        agent(
            Role::Member,
            "dev1",
            "openclaw",
            Some("agents/dev1/openclaw.json"),
            written("s3:agents/dev1/openclaw.json", TakenUp::Pulled),
        ),
    ],
    hand_edit: HandEdit::Stands,
    pass: "none; workers pull their configs every 300 s",
    set_back: "somebody else changed s3:agents/alice/openclaw.json: it belongs to manager",
    entry: "the store's account, which does not expire",
    makes_anew: "the Manager, or a person",
};

pub const V1_1: Generation = Generation {
    name: "1.1",
    played: Played::V1_1,
    holder: Holder::Controller,
    prefix: "hiclaw-",
    agents: &[
        agent(
            Role::Manager,
            "manager",
            "openclaw",
            Some("agents/manager/openclaw.json"),
            written("controller:managers/default", TakenUp::MadeAnew),
        ),
        agent(
            Role::OpenClaw,
            "alice",
            "openclaw",
            Some("agents/alice/openclaw.json"),
            written("controller:workers/alice", TakenUp::MadeAnew),
        ),
        agent(
            Role::OtherRuntime,
            "bob",
            "copaw",
            Some("agents/bob/openclaw.json"),
            written("controller:workers/bob", TakenUp::MadeAnew),
        ),
        agent(
            Role::OtherRuntime,
            "hal",
            "hermes",
            Some("agents/hal/openclaw.json"),
            written("controller:workers/hal", TakenUp::MadeAnew),
        ),
        agent(
            Role::Leader,
            "lead",
            "openclaw",
            Some("agents/lead/openclaw.json"),
            written("controller:teams/alpha#lead", TakenUp::MadeAnew),
        ),
        agent(
            Role::Member,
            "dev1",
            "copaw",
            Some("agents/dev1/openclaw.json"),
            Switch::Refused { reason: "is a member of the team alpha", way: "where alpha is described" },
        ),
    ],
    hand_edit: HandEdit::IsUndone,
    pass: "the controller's, every 300 s",
    set_back: "somebody else changed controller:workers/alice back to what it was: it belongs to controller, and nothing is \
        known that does this by itself",
    entry: "the controller's token, which expires, and the store's account",
    makes_anew: "the controller",
};

pub const V1_2: Generation = Generation {
    name: "1.2",
    played: Played::V1_2,
    holder: Holder::Controller,
    prefix: "agentteams-",
    agents: &[
        agent(
            Role::Manager,
            "manager",
            "qwenpaw",
            Some("agents/manager/openclaw.json"),
            written("controller:managers/default", TakenUp::MadeAnew),
        ),
        agent(
            Role::OpenClaw,
            "alice",
            "openclaw",
            Some("agents/alice/openclaw.json"),
            written("controller:workers/alice", TakenUp::AtStart),
        ),
        agent(
            Role::OtherRuntime,
            "bob",
            "qwenpaw",
            Some("agents/bob/runtime/runtime.yaml"),
            written("controller:workers/bob", TakenUp::AtStart),
        ),
        agent(
            Role::Leader,
            "lead",
            "openclaw",
            Some("agents/lead/openclaw.json"),
            written("controller:workers/lead", TakenUp::AtStart),
        ),
        agent(
            Role::Member,
            "dev1",
            "openclaw",
            Some("agents/dev1/openclaw.json"),
            written("controller:workers/dev1", TakenUp::AtStart),
        ),
        agent(
            Role::Member,
            "dev2",
            "qwenpaw",
            Some("agents/dev2/runtime/runtime.yaml"),
            written("controller:workers/dev2", TakenUp::AtStart),
        ),
    ],
    hand_edit: HandEdit::IsUndone,
    pass: "the controller's, every 300 s",
    set_back: "somebody else changed controller:workers/alice back to what it was: it belongs to controller, and nothing is \
        known that does this by itself",
    entry: "the controller's token, which expires, and the store's account",
    makes_anew: "the controller",
};

/// The table as documents have it.
pub fn markdown() -> String {
    let row = |title: &str, of: &dyn Fn(&Generation) -> String| {
        let cells: Vec<_> = ALL.iter().map(|generation| of(generation)).collect();
        format!("| {title} | {} |", cells.join(" | "))
    };
    let holder = |generation: &Generation| match generation.holder {
        Holder::Store => "files and objects",
        Holder::Controller => "the controller",
    };
    let hand_edit = |generation: &Generation| match generation.hand_edit {
        HandEdit::Stands => "stands",
        HandEdit::IsUndone => "is undone",
    };
    let mut rows = vec![
        row("HiClaw", &|generation| generation.name.into()),
        row("---", &|_| "---".into()),
        row("models are held by", &|generation| holder(generation).into()),
    ];
    rows.extend(Role::ALL.map(|role| {
        let of = |generation: &Generation| generation.of(role).map(told).collect::<Vec<_>>().join("; ");
        row(role.title(), &of)
    }));
    rows.extend([
        row("an edit of a config by hand", &|generation| hand_edit(generation).into()),
        row("HiClaw's own passes", &|generation| generation.pass.into()),
        row("a container that is gone is made anew by", &|generation| generation.makes_anew.into()),
        row("`agm` is let in by", &|generation| generation.entry.into()),
    ]);
    rows.join("\n")
}

fn told(agent: &Agent) -> String {
    let how = match agent.switch {
        Switch::Written { object, taken_up } => format!("`{object}`, {}", taken_up.told()),
        Switch::Refused { reason, .. } => format!("read-only: it {reason}"),
    };
    let restart = match agent.restart {
        Restart::Keeps => "",
        Restart::Resets => ", until its container starts again",
    };
    format!("{}: {how}{restart}", agent.runtime)
}

//! HiClaw v1.1: every change of a spec makes the container anew, and a team keeps its members in itself.
use super::{
    config::Form,
    ways::{Members, Ways},
};
use crate::TakeUp;

pub const WAYS: Ways = Ways {
    generation: "1.1",
    prefix: "hiclaw-",
    gateway: "hiclaw-gateway",
    token_file: "/var/run/hiclaw/cli-token",
    new_path: None,
    members: Members::InTeam,
    manager: TakeUp::Replaced,
    worker: |_| TakeUp::Replaced,
    form: |_| Form::OpenClaw,
};

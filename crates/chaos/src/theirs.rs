//! The models that somebody else gave agents at HiClaw's controller, and what became of them.
use crate::{
    book::{Moment, Sent},
    locked::locked,
};
use std::sync::Mutex;

/// All that somebody else decided.
#[derive(Default)]
pub struct Theirs {
    wishes: Mutex<Vec<Wish>>,
}

/// A model for an agent. The controller compares nothing: who writes between our look and our write is lost unseen.
#[derive(Clone, Debug)]
pub struct Wish {
    pub object: String,
    pub model: String,
    pub at: Moment,
    /// It was wished before and did not stay: who says so again means it.
    pub insists: bool,
    pub fate: Fate,
}

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Stands,
    /// A write of ours took its place, whose writer had not seen it.
    Missed,
    /// … whose writer had.
    Overwritten,
}

impl Theirs {
    /// Somebody gave an agent a model.
    pub fn wished(&self, object: &str, model: &str, at: Moment, insists: bool) {
        let mut wishes = locked(&self.wishes);
        wishes.retain(|wish| wish.object != object || wish.fate != Fate::Stands);
        let (object, model) = (object.to_owned(), model.to_owned());
        wishes.push(Wish { object, model, at, insists, fate: Fate::Stands });
    }

    /// A write of ours gave an agent a model.
    pub fn ours(&self, sent: &Sent, model: &str) {
        for wish in locked(&self.wishes).iter_mut() {
            let stood = wish.object == sent.object && wish.fate == Fate::Stands;
            if stood && wish.model != model {
                let seen = sent.look.as_ref().and_then(|look| look.tree.as_ref());
                let saw_it = seen.is_some_and(|tree| tree["model"] == *wish.model);
                wish.fate = if saw_it { Fate::Overwritten } else { Fate::Missed };
            }
        }
    }

    pub fn wishes(&self) -> Vec<Wish> {
        locked(&self.wishes).clone()
    }
}

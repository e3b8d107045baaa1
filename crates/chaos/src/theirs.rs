//! What somebody else decided about an object as a whole, and what became of it: a model that an agent was given at HiClaw's
//! controller, or what stood in the console before us and was put back.
use crate::{
    book::{Moment, Sent},
    locked::locked,
};
use serde_json::Value;
use std::sync::Mutex;

/// All that somebody else decided.
#[derive(Default)]
pub struct Theirs {
    wishes: Mutex<Vec<Wish>>,
    returns: Mutex<Vec<Return>>,
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

/// An object of the console that was made again what it was before us.
#[derive(Clone, Debug)]
pub struct Return {
    pub object: String,
    /// None: it was removed.
    pub tree: Option<Value>,
    pub at: Moment,
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

    /// Somebody put an object of the console back.
    pub fn put_back(&self, one: Return) {
        let mut returns = locked(&self.returns);
        returns.retain(|earlier| earlier.object != one.object);
        returns.push(one);
    }

    pub fn returns(&self) -> Vec<Return> {
        locked(&self.returns).clone()
    }
}

//! Checking a trail: line follows line, and every object is what the last line that names it left.
use super::line::{Chained, split};
use domain::OperationId;
use std::collections::{BTreeMap, BTreeSet};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Lines.
    pub entries: usize,
    /// Different objects that they name.
    pub objects: usize,
    /// How often they name one.
    pub links: usize,
    /// Links at which an object was not what we had left, and that say so.
    pub foreign: usize,
    /// Empty: both chains hold.
    pub breaks: Vec<Break>,
    /// Whose lines are there.
    pub operations: BTreeSet<OperationId>,
}

/// A place where a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// Counted from 1.
    pub line: usize,
    /// None: the chain of the lines themselves.
    pub object: Option<String>,
    /// For people.
    pub what: String,
}

/// Checks a whole trail. A line that somebody changed, took out or moved breaks a chain; lines that are missing at the
/// end, or a trail that was made anew from its beginning, cannot be seen: who has the journal can compare
/// [`Verified::operations`] with it.
pub fn verify(text: &[u8]) -> Verified {
    let mut check = Check::default();
    for (index, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        check.number = index + 1;
        match line.strip_suffix(b"\n") {
            Some(line) => check.line(line),
            None => check.breaks(None, "it is torn; the next start cuts it off"),
        }
    }
    check.verified.objects = check.named.len();
    check.verified
}

#[derive(Default)]
struct Check {
    verified: Verified,
    number: usize,
    /// The hash that the next line must name; none: not known.
    hash: Option<String>,
    seq: Option<u64>,
    /// What each object was left as; an object that is not in it may be anything.
    left: BTreeMap<String, String>,
    named: BTreeSet<String>,
}

impl Check {
    fn line(&mut self, line: &[u8]) {
        self.verified.entries += 1;
        let first = self.number == 1;
        let Some(split) = split(line) else { return self.unreadable("it is no line of a trail") };
        if !split.intact {
            self.breaks(None, "it was changed: its hash is another one");
        }
        let chained = match split.chained() {
            Ok(chained) => chained,
            Err(_) => return self.unreadable("it cannot be understood"),
        };
        if first && !chained.prev.is_empty() {
            self.breaks(None, "the lines before it are missing");
        }
        if self.hash.as_ref().is_some_and(|hash| *hash != chained.prev) {
            self.breaks(None, "it does not follow the line before it: lines were taken out, put in or moved");
        } else if self.seq.is_some_and(|seq| chained.seq != seq + 1) {
            self.breaks(None, "its number does not follow that of the line before it");
        }
        self.links(&chained);
        self.verified.operations.insert(chained.operation.id);
        self.hash = Some(split.hash.to_owned());
        self.seq = Some(chained.seq);
    }

    fn links(&mut self, chained: &Chained) {
        for link in &chained.links {
            self.verified.links += 1;
            self.named.insert(link.object.clone());
            let left = self.left.insert(link.object.clone(), link.after.clone());
            let Some(left) = left else { continue };
            match &link.foreign {
                Some(foreign) if *foreign != left => {
                    self.breaks(Some(&link.object), "what it says was there before is not what was left");
                }
                Some(_) => self.verified.foreign += 1,
                None if link.before != left => {
                    self.breaks(Some(&link.object), "it was not what was left, and nobody noted a change");
                }
                None => {}
            }
        }
    }

    fn unreadable(&mut self, what: &str) {
        self.breaks(None, what);
        // What it said of objects is lost, and so is what the next line must name.
        self.left.clear();
        (self.hash, self.seq) = (None, None);
    }

    fn breaks(&mut self, object: Option<&str>, what: &str) {
        let object = object.map(str::to_owned);
        self.verified.breaks.push(Break { line: self.number, object, what: what.to_owned() });
    }
}

use leptos::prelude::{GetValue, StoredValue, UpdateValue};

/// Counts what was wanted of a dialog: what the server answers to an earlier wish is about nothing that is shown now.
#[derive(Clone, Copy)]
pub struct Turns(StoredValue<u32>);

impl Turns {
    pub fn new() -> Self {
        Self(StoredValue::new(0))
    }

    /// Something else is wanted from now on.
    pub fn next(self) -> u32 {
        self.0.update_value(|turn| *turn = turn.wrapping_add(1));
        self.0.get_value()
    }

    /// Whether nothing else is wanted since.
    pub fn is(self, turn: u32) -> bool {
        self.0.get_value() == turn
    }
}

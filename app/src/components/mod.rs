//! Views without events, for pages and for dialogs.
pub mod avatar;
pub mod badge;
pub mod blocks;
pub mod button;
pub mod error_note;
pub mod moment;
pub mod outcome;
pub mod panel;
pub mod plan_view;
pub mod said;
pub mod scale;
pub mod sparkline;
pub mod step_list;
pub mod table;

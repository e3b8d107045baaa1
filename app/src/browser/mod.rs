//! What this browser keeps for us. Wherever it keeps nothing, that is said, and everything else works.
pub mod backups;
pub mod clear_text;
pub mod entry;
pub mod storage;

//! The object store of a HiClaw installation: agents' configs and our own records, with compare-and-swap.
mod error;
mod http;
mod key;
mod listing;
mod probe;
mod s3;

pub use aws_sdk_s3::config::SharedHttpClient;
pub use error::StoreError;
pub use key::ObjectKey;
pub use listing::{Listed, Listing};
pub use s3::{ETag, Listener, Object, Params, Store};

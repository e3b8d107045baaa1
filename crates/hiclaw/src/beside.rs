//! The files that lie beside the Manager's openclaw.json.
use crate::Error;
use disk::Disk;
use openclaw::{FileHash, read_file};
use std::{path::Path, sync::Arc};

/// The text of one of them, and its version.
pub async fn text(disk: &Arc<dyn Disk>, config: &Path, file: &str) -> Result<(String, FileHash), Error> {
    let (bytes, hash) = read_file(disk, &config.with_file_name(file)).await?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::Malformed { file: file.to_owned(), message: "it is no UTF-8 text".into() })?;
    Ok((text, hash))
}

//! The token by which the controller knows us.
use super::ways::ALL;
use crate::Error;
use disk::Disk;
use secrecy::{ExposeSecret, SecretString};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// A token is some KB at most.
const MOST: usize = 16 * 1024;

/// A place of a token.
enum Source<'a> {
    /// And whether a setting names it.
    File(&'a Path, bool),
    Value(&'a SecretString),
}

/// Finds the token, and finds it again when it is refused.
pub struct Tokens {
    disk: Arc<dyn Disk>,
    /// Wins over `value`, since it can be renewed.
    file: Option<PathBuf>,
    value: Option<SecretString>,
    known: Mutex<Option<SecretString>>,
}

impl Tokens {
    /// Reads nothing yet.
    pub fn new(disk: Arc<dyn Disk>, file: Option<PathBuf>, value: Option<SecretString>) -> Self {
        Self { disk, file, value, known: Mutex::default() }
    }

    /// The token that is in use.
    pub async fn get(&self) -> Result<SecretString, Error> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        self.find(None).await?.ok_or_else(|| Error::NoEntry("there is no token for it".into()))
    }

    /// Another token than this one, which was refused, read anew from where tokens are. None: there is no other.
    pub async fn other_than(&self, refused: &SecretString) -> Result<Option<SecretString>, Error> {
        self.find(Some(refused)).await
    }

    /// The token in use, if there is one: to be hidden in what is shown.
    pub fn known(&self) -> Option<SecretString> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn find(&self, refused: Option<&SecretString>) -> Result<Option<SecretString>, Error> {
        for source in self.sources() {
            let token = match source {
                Source::Value(token) => Some(token.clone()),
                Source::File(file, named) => self.read(file, named).await?,
            };
            let is_other = |token: &SecretString| {
                refused.is_none_or(|refused| refused.expose_secret() != token.expose_secret())
            };
            if let Some(token) = token.filter(is_other) {
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
                return Ok(Some(token));
            }
        }
        Ok(None)
    }

    /// Where to look, in order. What is named keeps from looking where tokens usually are: one that lies there is
    /// another controller's.
    fn sources(&self) -> Vec<Source<'_>> {
        let file = self.file.iter().map(|file| Source::File(file, true));
        let named: Vec<_> = file.chain(self.value.iter().map(Source::Value)).collect();
        if named.is_empty() {
            ALL.iter().map(|ways| Source::File(Path::new(ways.token_file), false)).collect()
        } else {
            named
        }
    }

    /// The token in a file. None: there is no such file, or nothing in it.
    async fn read(&self, file: &Path, named: bool) -> Result<Option<SecretString>, Error> {
        let path = file.to_owned();
        let read = disk::on(&self.disk, move |disk| disk.read_at(&path, 0, MOST)).await.and_then(|read| read);
        match read {
            Ok(bytes) => {
                let token = String::from_utf8_lossy(&bytes).trim().to_owned();
                Ok((!token.is_empty()).then(|| token.into()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if named => {
                Err(Error::NoEntry(format!("its token in {} cannot be read: {error}", file.display())))
            }
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disk::MemDisk;

    fn tokens(disk: &MemDisk, file: Option<&str>, value: Option<&str>) -> Tokens {
        Tokens::new(Arc::new(disk.clone()), file.map(Into::into), value.map(|value| value.to_owned().into()))
    }

    async fn first(tokens: &Tokens) -> Result<String, Error> {
        tokens.get().await.map(|token| token.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn a_file_that_is_named_wins_and_what_is_named_keeps_from_looking_further() {
        let disk = MemDisk::new();
        disk.put(Path::new(ALL[1].token_file), b"usual\n").unwrap();
        assert_eq!(first(&tokens(&disk, None, None)).await.unwrap(), "usual");
        assert_eq!(first(&tokens(&disk, None, Some("value"))).await.unwrap(), "value");
        disk.put(Path::new("/token"), b" file \n").unwrap();
        assert_eq!(first(&tokens(&disk, Some("/token"), Some("value"))).await.unwrap(), "file");
        assert_eq!(first(&tokens(&disk, Some("/none"), Some("value"))).await.unwrap(), "value");
        assert!(matches!(first(&tokens(&disk, Some("/none"), None)).await, Err(Error::NoEntry(_))));
    }

    #[tokio::test]
    async fn a_token_that_was_refused_is_read_again_and_not_used_twice() {
        let disk = MemDisk::new();
        disk.put(Path::new("/token"), b"old").unwrap();
        let tokens = tokens(&disk, Some("/token"), None);
        let old = tokens.get().await.unwrap();
        assert!(tokens.other_than(&old).await.unwrap().is_none());
        disk.put(Path::new("/token"), b"new").unwrap();
        assert_eq!(first(&tokens).await.unwrap(), "old", "nobody refused it");
        assert_eq!(tokens.other_than(&old).await.unwrap().unwrap().expose_secret(), "new");
        assert_eq!(first(&tokens).await.unwrap(), "new");
    }
}

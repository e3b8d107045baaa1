//! The built site: a folder, or part of the program.
use app::Hashes;
use bytes::Bytes;
use std::{borrow::Cow, fmt, path::PathBuf, str::FromStr};

/// The files of a site that is part of the program, by their paths below it.
pub type Files = fn(&str) -> Option<Cow<'static, [u8]>>;

/// How a setting asks for the site that is part of the program.
const INSIDE: &str = "inside";
/// The site's list of hashes.
const HASHES: &str = "hash.txt";

/// Where the site is.
#[derive(Clone, Debug)]
pub enum Site {
    Folder(PathBuf),
    Inside(Files),
}

#[cfg(feature = "site-inside")]
mod built {
    /// The site that stood in `target/site` when the program was built: what the build packed only packed, fonts, which are
    /// packed already, only as they are.
    #[derive(rust_embed::RustEmbed)]
    #[folder = "../target/site"]
    #[include = "hash.txt"]
    #[include = "*.br"]
    #[include = "*.gz"]
    #[include = "fonts/*.woff2"]
    #[exclude = "fonts/*.woff2.*"]
    struct Built;

    pub const FILES: Option<super::Files> = Some(|path| Some(Built::get(path)?.data));
}

#[cfg(not(feature = "site-inside"))]
mod built {
    pub const FILES: Option<super::Files> = None;
}

impl Site {
    /// The site to serve when nobody says: the program's own, else one beside it, else where the build leaves it.
    pub fn usual() -> Self {
        let beside = || Some(std::env::current_exe().ok()?.parent()?.join("site"));
        match built::FILES {
            Some(files) => Self::Inside(files),
            None => {
                Self::Folder(beside().filter(|site| site.is_dir()).unwrap_or_else(|| "target/site".into()))
            }
        }
    }

    /// The list of hashes. A site without one is taken to have no hashes in its names.
    pub fn hashes(&self) -> Hashes {
        match self {
            Self::Folder(folder) => {
                let list = folder.join(HASHES);
                if list.exists() { Hashes::File(list) } else { Hashes::None }
            }
            Self::Inside(files) => match files(HASHES) {
                Some(list) => Hashes::Fixed(String::from_utf8_lossy(&list).into_owned()),
                None => Hashes::None,
            },
        }
    }
}

/// The bytes of a file that is part of the program, without a copy where there needs none.
pub fn bytes(file: Cow<'static, [u8]>) -> Bytes {
    match file {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Inside(_) => f.write_str(INSIDE),
        }
    }
}

impl FromStr for Site {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == INSIDE {
            return built::FILES.map(Self::Inside).ok_or("this program was built without a site inside");
        }
        Ok(Self::Folder(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_spelt_as_it_is_read() {
        assert_eq!("a/folder".parse::<Site>().unwrap().to_string(), "a/folder");
        assert_eq!("./inside".parse::<Site>().unwrap().to_string(), "./inside");
        assert_eq!("inside".parse::<Site>().is_ok(), built::FILES.is_some());
    }

    #[test]
    fn the_list_of_hashes_is_the_sites_own() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::Folder(folder.path().to_owned());
        assert!(matches!(site.hashes(), Hashes::None));
        std::fs::write(folder.path().join(HASHES), "css: a\n").unwrap();
        assert!(matches!(site.hashes(), Hashes::File(_)));
        let inside = Site::Inside(|path| (path == HASHES).then_some(Cow::Borrowed(b"css: b\n")));
        assert!(matches!(inside.hashes(), Hashes::Fixed(list) if list == "css: b\n"));
    }
}

use super::*;
use tempfile::TempDir;

fn right() -> Passphrase {
    Passphrase::new("correct horse battery".to_owned())
}

/// A data directory as a server leaves it.
fn data() -> TempDir {
    let dir = TempDir::new().unwrap();
    for (path, text) in [
        ("format", "agm-data 1\n"),
        ("seal.key", "the keys"),
        ("audit.jsonl", ""),
        ("journal/1.json", "a record"),
        ("journal/quarantine/2.json", "half a record"),
        ("backups/3.json", "a backup"),
        ("lock", ""),
        ("log/agm.log", "a line"),
        ("journal/.journal-0123456789abcdef.tmp", "half-written"),
    ] {
        fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
        fs::write(dir.path().join(path), text).unwrap();
    }
    dir
}

fn exported(dir: &Path) -> Vec<u8> {
    let mut file = Vec::new();
    export_data(dir, &right(), &mut file).unwrap();
    file
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Summed> {
    let mut files = BTreeMap::new();
    sum_all(dir, Path::new(""), &mut files).unwrap();
    files
}

/// An archive of these entries behind this manifest, which may lie.
fn forged(manifest: &str, entries: &[(&str, &str)]) -> Vec<u8> {
    let recipient = passphrase::recipient(&right()).unwrap();
    let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient)).unwrap();
    let mut file = Vec::new();
    let gzip = GzEncoder::new(encryptor.wrap_output(&mut file).unwrap(), Compression::fast());
    let mut archive = Builder::new(gzip);
    for (path, text) in [(MANIFEST, manifest)].iter().chain(entries) {
        let mut header = header(text.len() as u64);
        // The library itself would refuse a path that leads up.
        let name = &mut header.as_gnu_mut().unwrap().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        archive.append(&header, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap().finish().unwrap();
    file
}

fn manifest(form: u32, files: &[(&str, &str)]) -> String {
    let summed = |text: &str| copy_summed(text.as_bytes(), |_| Ok(())).unwrap();
    let files = files.iter().map(|(path, text)| ((*path).into(), summed(text))).collect();
    serde_json::to_string(&Manifest { agm_data: form, version: "0".into(), files }).unwrap()
}

/// Why nothing is exported.
fn not_exported(dir: &Path, passphrase: &Passphrase) -> Failure {
    match export_data(dir, passphrase, Vec::new()) {
        Err(NotExported::Failed(failure)) => *failure,
        other => panic!("{other:?}"),
    }
}

/// Why an archive is refused; nothing of it stays.
fn refused(file: &[u8]) -> Failure {
    let into = TempDir::new().unwrap();
    let failure = import_data(into.path(), right(), file).unwrap_err();
    assert_eq!(names(into.path()).unwrap(), [LOCK], "{failure}");
    failure
}

#[test]
fn all_that_is_state_comes_back_and_nothing_of_it_can_be_read_on_the_way() {
    let from = data();
    let file = exported(from.path());
    assert!(file.starts_with(b"age-encryption.org/v1") && !file.windows(8).any(|bytes| bytes == b"the keys"));
    let into = TempDir::new().unwrap();
    let deep = into.path().join("not/yet/there");
    let archived = import_data(&deep, right(), file.as_slice()).unwrap();
    assert_eq!(archived, Archived { files: 6, bytes: 11 + 8 + 8 + 13 + 8 });
    assert_eq!(files(&deep), files(from.path()));
    let others: Vec<_> = names(&deep).unwrap();
    assert_eq!(others, ["audit.jsonl", "backups", "format", "journal", "lock", "seal.key"]);
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(deep.join("seal.key")).unwrap());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_directory_in_use_is_neither_exported_nor_imported_into() {
    let from = data();
    let held = lock(from.path()).unwrap();
    let said = not_exported(from.path(), &right());
    assert!(said.message.contains("another agm uses"), "{said}");
    drop(held);
    let file = exported(from.path());
    let into = TempDir::new().unwrap();
    let _held = lock(into.path()).unwrap();
    let said = import_data(into.path(), right(), file.as_slice()).unwrap_err();
    assert!(said.message.contains("another agm uses"), "{said}");
}

#[test]
fn nothing_is_written_over_and_a_directory_that_is_not_there_is_not_exported() {
    let from = data();
    let file = exported(from.path());
    let before = files(from.path());
    let said = import_data(from.path(), right(), file.as_slice()).unwrap_err();
    assert_eq!((said.code, files(from.path())), (Code::Conflict, before));
    let nowhere = from.path().join("nowhere");
    assert_eq!(not_exported(&nowhere, &right()).code, Code::StorageUnavailable);
    assert!(!nowhere.exists());
}

#[test]
fn only_the_right_passphrase_opens_a_whole_file() {
    let from = data();
    let file = exported(from.path());
    let into = TempDir::new().unwrap();
    let wrong = Passphrase::new("correct horse batterY".to_owned());
    let said = import_data(into.path(), wrong, file.as_slice()).unwrap_err();
    assert_eq!((said.code, names(into.path()).unwrap()), (Code::InvalidRequest, vec![LOCK.to_owned()]));
    let short = Passphrase::new("short".to_owned());
    assert_eq!(not_exported(from.path(), &short).code, Code::InvalidRequest);
    for cut in [10, file.len() / 2, file.len() - 1] {
        assert_eq!(refused(&file[..cut]).code, Code::SealBroken, "{cut}");
    }
    let mut changed = file.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(refused(&changed).code, Code::SealBroken);
}

#[test]
fn an_archive_that_is_not_what_its_manifest_says_is_refused() {
    let one = [("format", "agm-data 1\n")];
    let into = TempDir::new().unwrap();
    import_data(into.path(), right(), forged(&manifest(1, &one), &one).as_slice()).unwrap();
    for (manifest, entries, said) in [
        (manifest(2, &one), &one[..], "form 2"),
        ("{}".to_owned(), &one, "no data directory"),
        (manifest(1, &one), &[("format", "agm-data 2\n")], "not what was exported"),
        (manifest(1, &[("format", "agm-data 2\n")]), &[("format", "agm-data 2\n")], "of a newer agm"),
        (manifest(1, &one), &[], "is missing"),
        (manifest(1, &[]), &one, "its manifest does not"),
        (manifest(1, &[("../up", "x")]), &[("../up", "x")], "its manifest does not"),
        (manifest(1, &one), &[one[0], one[0]], "its manifest does not"),
    ] {
        let failure = refused(&forged(&manifest, entries));
        assert!(failure.message.contains(said), "{failure} does not say {said}");
    }
}

#[test]
fn an_import_that_breaks_off_leaves_a_directory_that_nobody_opens() {
    let into = TempDir::new().unwrap();
    fs::create_dir(into.path().join(IMPORTING)).unwrap();
    let file = exported(data().path());
    assert_eq!(import_data(into.path(), right(), file.as_slice()).unwrap_err().code, Code::Conflict);
    assert!(matches!(format::check(&RealDisk, into.path()), Err(JournalError::HalfImported(_))));
}

#[test]
fn what_was_unpacked_outlasts_a_power_cut() {
    let (from, folder) = (data(), Path::new("/var/agm/.import"));
    let file = exported(from.path());
    let identity = passphrase::identity(right());
    let decryptor = Decryptor::new(file.as_slice()).unwrap();
    let opened = decryptor.decrypt(iter::once(&identity as &dyn age::Identity)).unwrap();
    let disk = disk::MemDisk::new();
    disk::make_dirs(&disk, folder, 0o700).unwrap();
    let manifest = unpack(&disk, folder, opened).unwrap();
    let found = disk.crash();
    for path in manifest.files.keys() {
        assert_eq!(found.get(&folder.join(path)), fs::read(from.path().join(path)).ok(), "{path:?}");
    }
    assert_eq!(manifest.files.len(), 6);
}

/// Takes so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_from_a_directory_that_cannot_be_read() {
    let from = data();
    // Larger than what is held back on the way.
    let noise: Vec<u8> = iter::repeat_with(|| fastrand::u8(..)).take(1 << 20).collect();
    fs::write(from.path().join("noise"), noise).unwrap();
    for room in [0, 1000, 1 << 19, 1 << 20] {
        let said = export_data(from.path(), &right(), Full(room)).unwrap_err();
        assert!(matches!(said, NotExported::Unwritten(_)), "{room}: {said:?}");
    }
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(5))
        }
    }
    let error = copy_summed(Source(Broken), |_| Ok(())).unwrap_err();
    assert!(Source::<File>::is_of(&error) && error.to_string().contains("os error 5"), "{error}");
}

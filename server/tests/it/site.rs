//! The static files, from a folder and from the program.
use crate::support::World;
use http::StatusCode;
use server::site::Site;
use std::borrow::Cow;

const HASHES: &[u8] = b"js: aaa\nwasm: bbb\ncss: ccc\n";

/// "plain text" as gzip packs it, without a time.
const PACKED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x2b\xc8\x49\xcc\xcc\x53\x28\x49\xad\x28\x01\x00\xb8\x0f\x0b\x44\x0a\x00\x00\x00";

/// A site as the build leaves it: one file in three encodings, one that has no smaller one, and one beside the folders.
fn small_site(path: &str) -> Option<Cow<'static, [u8]>> {
    let bytes: &'static [u8] = match path {
        "hash.txt" => HASHES,
        "icon.svg" => b"<svg/>",
        "pkg/agm.ccc.css" => b"plain text",
        "pkg/agm.ccc.css.br" => b"smallest",
        "pkg/agm.ccc.css.gz" => PACKED,
        "fonts/a.woff2" => b"font",
        _ => return None,
    };
    Some(bytes.into())
}

/// The same site as it is in the program: what is packed is not there plain.
fn packed_site(path: &str) -> Option<Cow<'static, [u8]>> {
    small_site(path).filter(|_| path != "pkg/agm.ccc.css")
}

/// The same site in a folder, and in the program.
async fn worlds() -> [(World, tempfile::TempDir); 2] {
    let folder = tempfile::tempdir().unwrap();
    for path in [
        "hash.txt",
        "icon.svg",
        "pkg/agm.ccc.css",
        "pkg/agm.ccc.css.br",
        "pkg/agm.ccc.css.gz",
        "fonts/a.woff2",
    ] {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, small_site(path).unwrap()).unwrap();
    }
    let site = Site::Folder(folder.path().to_owned());
    let in_folder = World::with(|setup| setup.site = site).await;
    let in_program = World::with(|setup| setup.site = Site::Inside(packed_site)).await;
    [(in_folder, folder), (in_program, tempfile::tempdir().unwrap())]
}

#[tokio::test]
async fn a_page_names_the_hashed_files_and_they_are_served_as_the_build_compressed_them() {
    for (world, _folder) in worlds().await {
        let page = world.call("GET", "/agm/login", &[], "").await.text;
        assert!(page.contains("/agm/pkg/agm.ccc.css") && page.contains("/agm/pkg/agm.aaa.js"), "{page}");
        let packed = String::from_utf8_lossy(PACKED);
        for (takes, text, encoding) in [
            ("gzip, deflate, br, zstd", "smallest", Some("br")),
            ("gzip", &*packed, Some("gzip")),
            ("br;q=0, gzip", &*packed, Some("gzip")),
            ("identity", "plain text", None),
        ] {
            let file = world.call("GET", "/agm/pkg/agm.ccc.css", &[("accept-encoding", takes)], "").await;
            let said = file.headers.get("content-encoding").map(|name| name.to_str().unwrap());
            assert_eq!((file.text.as_str(), said), (text, encoding), "{takes}");
            assert_eq!(file.headers["content-type"], "text/css");
            assert!(file.headers["cache-control"].to_str().unwrap().contains("immutable"));
            assert_eq!(file.headers["vary"], "accept-encoding", "{takes}");
        }
    }
}

#[tokio::test]
async fn a_head_is_as_the_answer_without_its_body() {
    for (world, _folder) in worlds().await {
        let head = world.call("HEAD", "/agm/pkg/agm.ccc.css", &[("accept-encoding", "br")], "").await;
        assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
        let said = ["content-length", "content-encoding"].map(|name| head.headers[name].to_str().unwrap());
        assert_eq!(said, ["8", "br"]);
    }
}

#[tokio::test]
async fn files_without_a_hash_are_kept_for_a_day() {
    for (world, _folder) in worlds().await {
        for (path, kind, text) in
            [("/agm/fonts/a.woff2", "font/woff2", "font"), ("/agm/icon.svg", "image/svg+xml", "<svg/>")]
        {
            let file = world.call("GET", path, &[("accept-encoding", "br")], "").await;
            assert_eq!((file.status, file.text.as_str()), (StatusCode::OK, text), "{path}");
            assert_eq!(file.headers["content-type"], kind, "{path}");
            assert_eq!(file.headers["cache-control"], "public, max-age=86400", "{path}");
        }
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_folders_of_the_site() {
    for (world, _folder) in worlds().await {
        for path in [
            "/agm/pkg/none.css",
            "/agm/pkg/",
            "/agm/pkg/../hash.txt",
            "/agm/pkg/%2e%2e/hash.txt",
            "/agm/pkg/..%2fhash.txt",
            "/agm/fonts/..%2f..%2f..%2fetc%2fpasswd",
            "/agm/pkg//etc/passwd",
            "/agm/hash.txt",
        ] {
            let answer = world.call("GET", path, &[], "").await;
            assert_ne!(answer.status, StatusCode::OK, "{path}");
            assert!(!answer.text.contains("css: ccc") && !answer.text.contains("root:"), "{path}");
        }
        let written = world.call("POST", "/agm/icon.svg", &[], "").await;
        assert!(!written.status.is_success(), "{}", written.status);
    }
}

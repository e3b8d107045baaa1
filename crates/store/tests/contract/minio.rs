//! A real MinIO on a free loopback port, in a temporary directory, for as long as the value lives.
use sandbox::s3::Keys;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Minio {
    process: Child,
    _folder: tempfile::TempDir,
    pub endpoint: String,
    pub keys: Keys,
}

impl Drop for Minio {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Starts it and makes the bucket. None when no program is named.
pub async fn start() -> Option<Minio> {
    let program = std::env::var_os("AGM_TEST_MINIO").filter(|path| !path.is_empty())?;
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys { access: "agm-test".into(), secret: "agm-test-secret".into() };
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let process = Command::new(program)
        .args(["server", "--quiet", "--address", &address.to_string(), "--console-address", "127.0.0.1:0"])
        .arg(folder.path())
        .env("MINIO_ROOT_USER", &keys.access)
        .env("MINIO_ROOT_PASSWORD", &keys.secret)
        .env("MINIO_UPDATE", "off")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("AGM_TEST_MINIO names a program");
    let minio = Minio { process, _folder: folder, endpoint: format!("http://{address}"), keys };
    minio.make_bucket().await;
    Some(minio)
}

impl Minio {
    /// Repeats until the server is ready for it.
    async fn make_bucket(&self) {
        let client = super::wire::client(&self.endpoint, &self.keys);
        let patience = Instant::now() + Duration::from_secs(60);
        while let Err(error) = client.create_bucket().bucket(super::BUCKET).send().await {
            assert!(Instant::now() < patience, "MinIO did not come up: {error:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

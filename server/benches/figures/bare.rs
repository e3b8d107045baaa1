//! The yardstick: an axum handler that does nothing but return bytes, in a process of its own as agm is.
use crate::Outcome;
use axum::{Router, http::header, routing::any};
use bytes::Bytes;
use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

const FLAG: &str = "--bare";

/// The file to serve, when this process was started to be the yardstick.
pub fn asked_for() -> Option<PathBuf> {
    let mut args = std::env::args().skip_while(|a| a != FLAG);
    args.next().and_then(|_| args.next()).map(PathBuf::from)
}

/// Serves the bytes of the file at every path, and says where on the first line of its output.
pub async fn serve(file: &Path) -> Outcome<()> {
    let body = Bytes::from(std::fs::read(file)?);
    let json = [(header::CONTENT_TYPE, "application/json")];
    let app = Router::new().fallback(any(move || async move { (json, body) }));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

/// A running yardstick; ends when dropped.
pub struct Bare {
    pub addr: SocketAddr,
    _process: Child,
    _body: tempfile::NamedTempFile,
}

impl Bare {
    pub async fn start(body: &[u8]) -> Outcome<Self> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(body)?;
        let mut process = Command::new(std::env::current_exe()?)
            .arg(FLAG)
            .arg(file.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = process.stdout.take().ok_or("no output")?;
        let line = BufReader::new(out).lines().next_line().await?.ok_or("the yardstick did not start")?;
        Ok(Self { addr: line.parse()?, _process: process, _body: file })
    }
}

//! A load generator that costs little: plain HTTP/1.1 over kept connections, one request at a time on each.
use crate::{Outcome, processes::BASIC};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

const CONNECTIONS: usize = 16;

/// An answer with status 200.
pub struct Reply {
    pub body: Vec<u8>,
}

/// Asks once.
pub async fn once(addr: SocketAddr, path: &str) -> Outcome<Reply> {
    let mut connection = Connection::open(addr, path).await?;
    let body = connection.ask().await?;
    Ok(Reply { body })
}

/// Asks from several connections for a while. Any answer but 200 is an error.
pub async fn requests_per_second(addr: SocketAddr, path: &str, time: Duration) -> Outcome<f64> {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(addr, path).await?;
        tasks.spawn(async move {
            let mut answered = 0_u32;
            while began.elapsed() < time {
                connection.ask().await?;
                answered += 1;
            }
            Outcome::Ok(answered)
        });
    }
    let mut total = 0.0;
    while let Some(done) = tasks.join_next().await {
        total += f64::from(done??);
    }
    Ok(total / began.elapsed().as_secs_f64())
}

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(addr: SocketAddr, path: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nAuthorization: {BASIC}\r\n\r\n").into_bytes();
        Ok(Self { stream, request, buffer: Vec::with_capacity(64 * 1024) })
    }

    async fn ask(&mut self) -> Outcome<Vec<u8>> {
        self.stream.write_all(&self.request).await?;
        self.buffer.clear();
        let (head, length) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the connection was closed".into());
            }
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break (at + 4, content_length(&self.buffer[..at])?);
            }
        };
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the body was cut".into());
            }
        }
        Ok(self.buffer[head..head + length].to_vec())
    }
}

/// The body's length of a 200.
fn content_length(head: &[u8]) -> Outcome<usize> {
    let head = std::str::from_utf8(head)?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(head.lines().next().unwrap_or("no status").to_owned().into());
    }
    let value = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .ok_or("an answer without content-length")?;
    Ok(value.1.trim().parse()?)
}

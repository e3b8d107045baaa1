//! `make bench`: the figures of speed, each as a ratio to something measured in the same run on the same machine.
//! The server is the real binary in a process of its own, pointed from outside at a sandbox in another one.
mod bare;
mod load;
mod processes;
mod shipped;
mod slow;

use processes::{Agm, Installation, SandboxProcess};
use std::{error::Error, path::Path, time::Duration};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Asks for the figures of what is shipped alone.
const SHIPPED: &str = "shipped";
/// How long each read is asked for.
const ROUND: Duration = Duration::from_secs(3);
/// A folder in memory, where writing durably costs nothing.
const MEMORY: &str = "/dev/shm";
/// How many switches are compared.
const SWITCHES: usize = 20;
/// What every call to a system of the installation costs more in the set-model figure.
const UPSTREAM_DELAY: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() -> Outcome<()> {
    if let Some(file) = bare::asked_for() {
        return bare::serve(&file).await;
    }
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| "a TLS provider is installed already")?;
    let sandbox = SandboxProcess::start().await?;
    shipped::figures(&sandbox.installation).await?;
    if std::env::args().any(|arg| arg == SHIPPED) {
        return Ok(());
    }
    reads(&sandbox.installation).await?;
    set_model(&sandbox.installation).await?;
    journal(&sandbox.installation).await
}

/// Requests per second of the reads beside a bare handler with the same bytes.
async fn reads(installation: &Installation) -> Outcome<()> {
    let agm = Agm::start(installation).await?;
    println!(
        "{:<26}{:>10}{:>12}{:>9}   (goal >= 0.70)",
        "reads, requests a second", "agm", "bare axum", "ratio"
    );
    for path in ["/health", "/assignment/manager", "/providers", "/metrics"] {
        let path = format!("/ni_status{path}");
        let reply = load::once(agm.addr, &path).await?;
        let bare = bare::Bare::start(&reply.body).await?;
        // Interleaved, so that a busy machine slows both.
        let mut served = (0.0, 0.0);
        for _ in 0..2 {
            served.0 += load::requests_per_second(agm.addr, &path, ROUND / 2).await?;
            served.1 += load::requests_per_second(bare.addr, &path, ROUND / 2).await?;
        }
        println!("{path:<26}{:>10.0}{:>12.0}{:>9.2}", served.0 / 2.0, served.1 / 2.0, served.0 / served.1);
    }
    println!("RSS after the load        {:>8.1} MB", agm.rss_megabytes()?);
    Ok(())
}

/// One switch with every upstream call slowed down, next to the calls that depend on each other.
async fn set_model(installation: &Installation) -> Outcome<()> {
    let slow = slow::SlowInstallation::start(installation, UPSTREAM_DELAY).await?;
    let agm = Agm::start(&slow.installation).await?;
    println!(
        "\n{:<26}{:>10}{:>12}{:>9}   (goal <= 1.30)",
        "set-model, 50 ms a call", "total ms", "chain ms", "ratio"
    );
    for model in ["deepseek-reasoner", "deepseek-chat"] {
        slow.forget();
        let took = agm.set_model("worker:alice", "deepseek", model).await?;
        let chain = slow.longest_chain();
        println!(
            "{model:<26}{:>10.0}{:>12.0}{:>9.2}   {} calls",
            took.as_secs_f64() * 1000.0,
            chain.time.as_secs_f64() * 1000.0,
            took.as_secs_f64() / chain.time.as_secs_f64(),
            chain.calls,
        );
    }
    Ok(())
}

/// What writing the journal and the audit log durably adds to a switch: two servers, one with its data directory on disk
/// and one in memory, take turns.
async fn journal(installation: &Installation) -> Outcome<()> {
    let memory = Path::new(MEMORY);
    if !memory.is_dir() {
        println!("\njournal: not measured, there is no {MEMORY}");
        return Ok(());
    }
    let (on_disk, in_memory) = (Agm::start(installation).await?, Agm::start_in(installation, memory).await?);
    let (mut disk, mut free) = (Vec::new(), Vec::new());
    for round in 0..SWITCHES {
        let models = if round % 2 == 0 {
            ["deepseek-reasoner", "deepseek-chat"]
        } else {
            ["deepseek-chat", "deepseek-reasoner"]
        };
        disk.push(on_disk.set_model("worker:alice", "deepseek", models[0]).await?);
        free.push(in_memory.set_model("worker:alice", "deepseek", models[1]).await?);
    }
    let (disk, free) = (median(disk), median(free));
    println!("\nswitch, data on disk      {disk:>8.1} ms");
    println!("switch, data in memory    {free:>8.1} ms");
    println!("journal                   {:>8.1} ms   (goal <= 20)", disk - free);
    Ok(())
}

/// In milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

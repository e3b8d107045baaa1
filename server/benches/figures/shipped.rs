//! What the program costs before anybody asks it anything: its size, how soon it answers, and how much memory it holds.
use crate::{
    Outcome, median,
    processes::{Agm, Installation},
};
use std::time::Duration;

/// How many starts are compared.
const STARTS: usize = 20;
/// After this the first looks at all systems are done.
const REST: Duration = Duration::from_secs(5);
/// Where the build leaves the site.
const FOLDER: &str = "target/site";

/// The figures of the program, with the site that it takes by itself, and with the one beside it.
pub async fn figures(installation: &Installation) -> Outcome<()> {
    let program = Agm::program();
    let bytes = std::fs::metadata(&program)?.len();
    println!("{}\n{:<26}{:>10.1} MB   (goal <= 25)", program.display(), "size", bytes as f64 / 1e6);
    for (name, site) in [("the site it takes by itself", None), ("the site in a folder", Some(FOLDER))] {
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            starts.push(Agm::start_with(installation, &std::env::temp_dir(), site).await?.started_in);
        }
        let slowest = starts.iter().max().copied().unwrap_or_default().as_secs_f64() * 1000.0;
        println!("{name}, {STARTS} starts");
        let middle = median(starts);
        println!("{:<26}{middle:>10.1} ms   (goal <= 50; the slowest {slowest:.1})", "start to first 200");
        let agm = Agm::start_with(installation, &std::env::temp_dir(), site).await?;
        tokio::time::sleep(REST).await;
        println!("{:<26}{:>10.1} MB   (goal <= 30)", "idle RSS", agm.rss_megabytes()?);
    }
    println!();
    Ok(())
}

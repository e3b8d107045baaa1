//! This process, as the system tells of it. What it does not tell is left out.
use super::exposition::{Labels, Page};
use std::{fs, time::SystemTime};

/// Adds what every process tells Prometheus, by the names that are usual.
pub fn tell(page: &mut Page, started: SystemTime) {
    page.gauge(
        "agm_build_info",
        "What this is.",
        [(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0)],
    );
    let since = started.duration_since(SystemTime::UNIX_EPOCH).ok();
    page.figure(
        "process_start_time_seconds",
        "When it started, in seconds since 1970.",
        since.map(|since| since.as_secs_f64().floor()),
    );
    let memory = fs::read_to_string("/proc/self/status").ok().and_then(|status| resident(&status));
    page.figure("process_resident_memory_bytes", "Memory that it holds.", memory);
    let files = fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64);
    page.figure("process_open_fds", "Open files and connections.", files);
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let cpu = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| used(&stat));
    if let Some(used) = cpu {
        let name = "process_cpu_seconds_total";
        page.counter(name, "Processor time that it used.", [(Labels::new(), used / ticks)]);
    }
}

/// `VmRSS:     12345 kB`
fn resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// Ticks in user mode and in the kernel: the 14th and the 15th field. The second is a name in brackets and may hold
/// anything.
fn used(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11).map(str::parse::<f64>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_read() {
        assert_eq!(resident("Name:\tagm\nVmRSS:\t   20480 kB\nThreads: 3\n"), Some(20_971_520.0));
        assert_eq!(resident("Name:\tagm\n"), None);
        let stat = "17 (a ) b) S 1 17 17 0 -1 4194560 5 0 0 0 250 50 0 0 20 0 3 0 100 1 2";
        assert_eq!(used(stat), Some(300.0));
        assert_eq!(used("17 (agm"), None);
    }
}

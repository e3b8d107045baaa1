//! How often somebody may guess a password.
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many failures are allowed in how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub per_address: u32,
    pub per_account: u32,
    pub window: Duration,
}

impl Default for Limits {
    /// A person mistypes a few times; a thousand guesses take more than a day from one address.
    fn default() -> Self {
        Self { per_address: 10, per_account: 50, window: Duration::from_secs(15 * 60) }
    }
}

/// Counts failed sign-ins by address and by account name, those from this machine apart: what strangers do to an account
/// shuts out neither its commands nor its scripts. Successful ones are never counted.
pub struct Limiter {
    limits: Limits,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    addresses: HashMap<IpAddr, Count>,
    accounts: HashMap<blake3::Hash, Count>,
}

#[derive(Clone, Copy)]
struct Count {
    failures: u32,
    since: Instant,
}

/// Above this many entries the old ones are dropped, so that made-up names cannot fill the memory.
const KEPT: usize = 10_000;

impl Limiter {
    pub fn new(limits: Limits) -> Self {
        Self { limits, failures: Mutex::default() }
    }

    /// How long this address, or this account, has to wait before the next try; none: not at all.
    pub fn wait(&self, address: IpAddr, account: &str, now: Instant) -> Option<Duration> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let by_address =
            failures.addresses.get(&address).and_then(|c| self.rest(c, self.limits.per_address, now));
        let by_account = failures
            .accounts
            .get(&key(address, account))
            .and_then(|c| self.rest(c, self.limits.per_account, now));
        by_address.max(by_account)
    }

    /// Counts a wrong password.
    pub fn failed(&self, address: IpAddr, account: &str, now: Instant) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let window = self.limits.window;
        count(&mut failures.addresses, address, window, now);
        count(&mut failures.accounts, key(address, account), window, now);
    }

    fn rest(&self, count: &Count, allowed: u32, now: Instant) -> Option<Duration> {
        let passed = now.saturating_duration_since(count.since);
        (count.failures >= allowed && passed < self.limits.window).then(|| self.limits.window - passed)
    }
}

fn key(address: IpAddr, account: &str) -> blake3::Hash {
    let from = if address.is_loopback() { "here" } else { "elsewhere" };
    blake3::hash(format!("{from} {account}").as_bytes())
}

fn count<K: Eq + std::hash::Hash>(counts: &mut HashMap<K, Count>, key: K, window: Duration, now: Instant) {
    if counts.len() >= KEPT {
        counts.retain(|_, count| now.saturating_duration_since(count.since) < window);
    }
    if counts.len() >= KEPT && !counts.contains_key(&key) {
        return;
    }
    let entry = counts.entry(key).or_insert(Count { failures: 0, since: now });
    if now.saturating_duration_since(entry.since) >= window {
        *entry = Count { failures: 0, since: now };
    }
    entry.failures = entry.failures.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    #[test]
    fn of_a_thousand_guesses_ten_are_looked_at() {
        let (limiter, now) = (Limiter::new(Limits::default()), Instant::now());
        let mut looked_at = 0;
        for _ in 0..1000 {
            if limiter.wait(address(1), "admin", now).is_none() {
                looked_at += 1;
                limiter.failed(address(1), "admin", now);
            }
        }
        assert_eq!(looked_at, 10);
        assert!(limiter.wait(address(2), "admin", now).is_none(), "another address is not punished");
    }

    #[test]
    fn many_addresses_share_the_limit_of_the_account() {
        let (limiter, now) = (Limiter::new(Limits::default()), Instant::now());
        for last in 0..50 {
            limiter.failed(address(last), "admin", now);
        }
        assert!(limiter.wait(address(200), "admin", now).is_some());
        assert!(limiter.wait(address(200), "other", now).is_none());
        assert!(
            limiter.wait(Ipv4Addr::LOCALHOST.into(), "admin", now).is_none(),
            "a command of this machine"
        );
    }

    #[test]
    fn the_wait_ends_with_the_window() {
        let (limiter, now) = (Limiter::new(Limits::default()), Instant::now());
        for _ in 0..10 {
            limiter.failed(address(1), "admin", now);
        }
        assert_eq!(limiter.wait(address(1), "admin", now), Some(Duration::from_secs(900)));
        let later = now + Duration::from_secs(900);
        assert_eq!(limiter.wait(address(1), "admin", later), None);
        limiter.failed(address(1), "admin", later);
        assert_eq!(limiter.wait(address(1), "admin", later), None, "the count starts anew");
    }
}

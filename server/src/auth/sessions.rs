//! Signed-in browsers.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const IDLE: Duration = Duration::from_secs(30 * 60);
const ABSOLUTE: Duration = Duration::from_secs(12 * 60 * 60);
/// More browsers than any installation has; the one that was quiet longest makes room.
const KEPT: usize = 1_000;

/// What the cookie holds: 256 random bits as text.
pub struct Token(String);

impl Token {
    /// The text for the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// The sessions of this process, by the hash of their token. A restart ends them all.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<blake3::Hash, Times>>);

struct Times {
    begun: Instant,
    seen: Instant,
}

impl Times {
    fn alive(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.seen) < IDLE
            && now.saturating_duration_since(self.begun) < ABSOLUTE
    }
}

impl Sessions {
    /// Begins a session with a new token.
    pub fn begin(&self, now: Instant) -> Token {
        let token = Token(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, times| times.alive(now));
        if sessions.len() >= KEPT
            && let Some(oldest) = sessions.iter().min_by_key(|(_, times)| times.seen).map(|(hash, _)| *hash)
        {
            sessions.remove(&oldest);
        }
        sessions.insert(blake3::hash(token.0.as_bytes()), Times { begun: now, seen: now });
        token
    }

    /// Whether the token is of a living session, which counts as seen.
    pub fn check(&self, token: &str, now: Instant) -> bool {
        let hash = blake3::hash(token.as_bytes());
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match sessions.get_mut(&hash) {
            Some(times) if times.alive(now) => {
                times.seen = now;
                true
            }
            Some(_) => {
                sessions.remove(&hash);
                false
            }
            None => false,
        }
    }

    /// Whether the token is of a living session. Asking this is no sign that somebody is there.
    pub fn lives(&self, token: &str, now: Instant) -> bool {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&blake3::hash(token.as_bytes())).is_some_and(|times| times.alive(now))
    }

    /// Ends the session of this token, if there is one.
    pub fn end(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&blake3::hash(token.as_bytes()));
    }

    /// How many there are.
    pub fn count(&self, now: Instant) -> usize {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.values().filter(|times| times.alive(now)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_new_each_time_and_ends_when_told() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let (first, second) = (sessions.begin(now), sessions.begin(now));
        assert_ne!(first.as_str(), second.as_str());
        assert_eq!(first.as_str().len(), 43);
        sessions.end(first.as_str());
        assert!(!sessions.check(first.as_str(), now));
        assert!(sessions.check(second.as_str(), now));
    }

    #[test]
    fn a_quiet_session_ends_after_half_an_hour_and_any_after_twelve() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let quiet = sessions.begin(start);
        assert!(sessions.lives(quiet.as_str(), start + IDLE / 2));
        assert!(!sessions.check(quiet.as_str(), start + IDLE));
        let busy = sessions.begin(start);
        let mut now = start;
        while now < start + ABSOLUTE - IDLE {
            now += IDLE / 2;
            assert!(sessions.check(busy.as_str(), now));
        }
        now = start + ABSOLUTE - Duration::from_secs(1);
        assert!(sessions.check(busy.as_str(), now));
        assert!(!sessions.check(busy.as_str(), start + ABSOLUTE));
    }

    #[test]
    fn the_number_of_sessions_is_bounded() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        for second in 0..(KEPT as u64 + 50) {
            sessions.begin(now + Duration::from_millis(second));
        }
        assert_eq!(sessions.count(now + Duration::from_secs(2)), KEPT);
    }
}

//! What only a browser has. On the server each of these does nothing.
#[cfg(feature = "hydrate")]
mod real;
#[cfg(feature = "hydrate")]
pub use real::{follow, keep_theme, kept_theme, local_time, visit};

#[cfg(not(feature = "hydrate"))]
mod absent;
#[cfg(not(feature = "hydrate"))]
pub use absent::{follow, keep_theme, kept_theme, local_time, visit};

/// Where the theme is kept in localStorage: a bare word, so that [`THEME_BOOT`] can compare it.
#[cfg(feature = "hydrate")]
const THEME_KEY: &str = "agm-theme";

/// Runs before the first paint: puts the kept theme on the root element.
pub const THEME_BOOT: &str =
    "try{var t=localStorage.getItem('agm-theme');if(t)document.documentElement.dataset.theme=t}catch(e){}";

/// News about an operation that runs on the server.
#[derive(Clone, Debug)]
pub enum News {
    Step(domain::Step),
    State,
    /// The stream ended or could not be had.
    Gone,
}

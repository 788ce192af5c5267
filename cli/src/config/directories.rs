//! The directories that the operating system has for a user's configuration and data.

use std::env;
use std::path::PathBuf;

/// The directory of the configuration.
pub(crate) fn configuration() -> Option<PathBuf> {
    if cfg!(windows) { variable("APPDATA") } else { xdg("XDG_CONFIG_HOME", ".config") }
}

/// The directory of data that must not be lost.
pub(crate) fn data() -> Option<PathBuf> {
    if cfg!(windows) { variable("LOCALAPPDATA") } else { xdg("XDG_DATA_HOME", ".local/share") }
}

fn xdg(name: &str, default: &str) -> Option<PathBuf> {
    if cfg!(target_os = "macos") {
        return env::home_dir().map(|home| home.join("Library/Application Support"));
    }
    variable(name).or_else(|| env::home_dir().map(|home| home.join(default)))
}

/// Relative ones do not count.
fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

//! The configuration file that `tenantry config init` writes: everything that can be set, commented.

use std::fmt::Write as _;

use crate::keymap::COMMANDS;

/// It, with the keys of all commands. Nothing in it changes anything before a `#` is taken away.
#[must_use]
pub fn template() -> String {
    let mut text = include_str!("../../assets/config.toml").to_owned();
    let width = COMMANDS.iter().map(|row| row.name.len()).max().unwrap_or_default();
    for row in COMMANDS {
        let keys: Vec<_> = row.keys.iter().map(|key| quoted(&key.words())).collect();
        let keys = match keys.as_slice() {
            [key] => key.clone(),
            keys => format!("[{}]", keys.join(", ")),
        };
        let _ = writeln!(text, "# {:width$} = {keys:28} # {}", row.name, row.does);
    }
    text
}

fn quoted(key: &str) -> String {
    if key.contains(['"', '\\']) { format!("'{key}'") } else { format!("\"{key}\"") }
}

//! The real binary without a screen: a whole life on each database, every refusal with its words and
//! its exit code, prompts in a pseudo-terminal, and secrets and hostile names that never get out.

mod hostile;
mod life;
mod refused;
mod settings;
mod terminal;
mod tool;

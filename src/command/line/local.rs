//! What needs no database: help, the configuration file, completions, manual pages.

use std::path::PathBuf;

use clap::Subcommand;

/// What can be done without any database.
#[derive(Debug, Subcommand)]
pub enum LocalCommand {
    /// Show the help of a command, or a page of the manual
    #[command(after_help = "\
Examples:
  tenantry help                                     all commands and topics
  tenantry help org list
  tenantry help search")]
    Help {
        /// A command, or a topic; a command wins over a topic of the same name
        #[arg(value_name = "COMMAND|TOPIC")]
        words: Vec<String>,
    },
    /// Create, check and locate the configuration file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Generate shell completions
    #[command(after_help = "\
Examples:
  tenantry completions bash > ~/.local/share/bash-completion/completions/tenantry
  tenantry completions zsh > ~/.zfunc/_tenantry           with ~/.zfunc in fpath
  tenantry completions fish > ~/.config/fish/completions/tenantry.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write the pages of all commands to a directory
    #[command(after_help = "\
Examples:
  tenantry man | man -l -
  tenantry man --into ~/.local/share/man/man1")]
    Man {
        /// The directory to write to
        #[arg(long, value_name = "DIRECTORY", value_hint = clap::ValueHint::DirPath)]
        into: Option<PathBuf>,
    },
}

/// The shells that command lines can be completed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// The Bourne-again shell.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly interactive shell.
    Fish,
}

/// What can be done with the configuration file.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Write a commented file with every setting
    Init {
        /// Replace an existing file; it is kept beside the new one
        #[arg(long)]
        force: bool,
    },
    /// Report problems with line and column, or summarize the file
    Check,
    /// Print the path of the file
    #[command(after_help = "\
Example:
  $EDITOR \"$(tenantry config path)\"")]
    Path,
}

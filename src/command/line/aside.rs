//! What needs no database: the configuration file, completions, manual pages.

use std::path::PathBuf;

use clap::Subcommand;

/// What can be done without any database.
#[derive(Debug, Subcommand)]
pub enum Aside {
    /// Write, check and find the configuration file
    #[command(subcommand)]
    Config(ConfigDeed),
    /// Print what completes this command line in a shell
    #[command(after_help = "\
Examples:
  tenantry completions bash > ~/.local/share/bash-completion/completions/tenantry
  tenantry completions zsh > ~/.zfunc/_tenantry           with ~/.zfunc in fpath
  tenantry completions fish > ~/.config/fish/completions/tenantry.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write those of all commands into a directory
    #[command(after_help = "\
Examples:
  tenantry man | man -l -
  tenantry man --into ~/.local/share/man/man1")]
    Man {
        /// The directory
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
pub enum ConfigDeed {
    /// Write one with everything that can be set, commented
    Init {
        /// Also where there is one; that is kept beside it
        #[arg(long)]
        force: bool,
    },
    /// Say what is wrong with it, with line and column, or what is in it
    Check,
    /// Print where it is, or would be
    #[command(after_help = "\
Example:
  $EDITOR \"$(tenantry config path)\"")]
    Path,
}

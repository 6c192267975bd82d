//! Completions and manual pages, made from the very definition that reads the command line.

use std::{fs, path::Path};

use clap::CommandFactory;
use clap_complete::aot;

use super::{CommandLine, Failure, configuration::say, line::Shell};
use crate::org::escaped;

pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut command = CommandLine::command();
    let mut text = Vec::new();
    match shell {
        Shell::Bash => aot::generate(aot::Bash, &mut command, "tenantry", &mut text),
        Shell::Zsh => aot::generate(aot::Zsh, &mut command, "tenantry", &mut text),
        Shell::Fish => aot::generate(aot::Fish, &mut command, "tenantry", &mut text),
    }
    say(&text)
}

/// Prints the page of the program; or writes one for it and one for each command.
pub(super) fn pages(into: Option<&Path>) -> Result<(), Failure> {
    let command = CommandLine::command();
    let Some(directory) = into else {
        let mut text = Vec::new();
        let made = clap_mangen::Man::new(command).render(&mut text);
        return made.map_err(|e| Failure::io("no page", &e)).and_then(|()| say(&text));
    };
    let shown = escaped(&directory.display().to_string()).into_owned();
    let made =
        fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(command, directory));
    made.map_err(|error| Failure::io(&format!("{shown} cannot be written"), &error))
}

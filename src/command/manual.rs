//! Manual pages, made from the very definition that reads the command line.

use std::{fs, io, path::Path};

use clap::{Command, CommandFactory};

use super::{CommandLine, Failure, configuration::say};
use crate::org::escaped;

/// Prints the page of the program; or writes one for it and one for each command.
pub(super) fn pages(into: Option<&Path>) -> Result<(), Failure> {
    let mut command = CommandLine::command();
    command.build();
    let Some(directory) = into else {
        let made = page(&command);
        return made
            .map_err(|e| Failure::io("cannot render the manual page", &e))
            .and_then(|text| say(&text));
    };
    let shown = escaped(&directory.display().to_string()).into_owned();
    let made = fs::create_dir_all(directory).and_then(|()| write(&command, directory));
    made.map_err(|error| Failure::io(&format!("cannot write {shown}"), &error))
}

fn write(command: &Command, directory: &Path) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    fs::write(directory.join(format!("{name}.1")), page(command)?)?;
    command.get_subcommands().try_for_each(|command| write(command, directory))
}

/// One page. What a command's help says of examples has a section of its own, as in every manual.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let after = command.get_after_long_help().or(command.get_after_help());
    let (examples, rest) = split(&after.map(ToString::to_string).unwrap_or_default());
    let mut text = Vec::new();
    let (subcommands, has_rest) = (command.has_subcommands(), !rest.is_empty());
    let version = command.get_version().or(command.get_long_version()).is_some();
    let command = command.clone().after_help(rest.clone()).after_long_help(rest);
    let page = clap_mangen::Man::new(command);
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if subcommands {
        page.render_subcommands_section(&mut text)?;
    }
    if !examples.is_empty() {
        text.extend_from_slice(b".SH EXAMPLES\n.nf\n");
        for line in examples.lines() {
            text.extend_from_slice(literal(line).as_bytes());
        }
        text.extend_from_slice(b".fi\n");
    }
    if has_rest {
        page.render_extra_section(&mut text)?;
    }
    if version {
        page.render_version_section(&mut text)?;
    }
    Ok(text)
}

/// The examples in what follows a command's help, and the rest.
fn split(after: &str) -> (String, String) {
    let (examples, rest): (Vec<&str>, Vec<&str>) = after
        .split("\n\n")
        .partition(|part| part.starts_with("Examples:\n") || part.starts_with("Example:\n"));
    let lines = examples.iter().flat_map(|part| part.lines().skip(1));
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    (lines.join("\n"), rest.join("\n\n"))
}

/// A line as roff prints it, with nothing in it that roff would take for its own.
fn literal(line: &str) -> String {
    format!("\\&{}\n", line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq"))
}

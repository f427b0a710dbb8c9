//! The command line in the program's language: what is said of commands, options and values. Names, and examples to type, are the same in every language.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};
use netdiff_core::{Language, text};

use crate::arguments::Arguments;
use crate::language::{language, said};
use crate::select::SELECTION_HEADING;
use crate::usage;

/// The command line, in the program's language.
pub(crate) fn command() -> Command {
    in_language(Arguments::command(), language())
}

/// The command line in a language; in English as it is.
pub(crate) fn in_language(command: Command, language: Language) -> Command {
    match language {
        Language::English => command,
        other => Words(other).command(command),
    }
}

/// Understands the command line; says what is wrong with it, or shows help, and ends the program.
pub(crate) fn parse(words: &[OsString]) -> Arguments {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(words);
    let arguments = matches.and_then(|matches| Arguments::from_arg_matches(&matches));
    arguments.unwrap_or_else(|error| usage::exit(&error, &command))
}

/// Says what stands in the help in another language than English.
struct Words(Language);

impl Words {
    fn say(&self, english: &StyledStr) -> String {
        self.0.text(&english.to_string()).to_owned()
    }

    fn command(&self, mut command: Command) -> Command {
        if let Some(about) = command.get_about().map(|text| self.say(text)) {
            command = command.about(about);
        }
        if let Some(about) = command.get_long_about().map(|text| self.say(text)) {
            command = command.long_about(about);
        }
        if let Some(help) = command.get_after_help().map(|text| self.say(text)) {
            command = command.after_help(help);
        }
        let (usage, commands) = (text!("Usage:"), text!("Commands"));
        let usage = format!(
            "{{before-help}}{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
            self.0.text(usage)
        );
        command = command
            .help_template(usage)
            .subcommand_help_heading(self.0.text(commands))
            .disable_help_flag(true)
            .disable_help_subcommand(true);
        // Under a heading of their own, arguments would stand by the alphabet.
        let mut places = 0..;
        command = command.mut_args(|argument| {
            let place = places.next().unwrap_or(usize::MAX);
            self.argument(argument.display_order(place))
        });
        command = command.arg(self.flag("help", 'h', ArgAction::Help, text!("Print help")));
        if command.get_version().is_some() {
            let version = self.flag("version", 'V', ArgAction::Version, text!("Print version"));
            command = command.disable_version_flag(true).arg(version);
        }
        command.mut_subcommands(|command| self.command(command))
    }

    fn flag(&self, name: &'static str, short: char, action: ArgAction, help: &'static str) -> Arg {
        let flag = Arg::new(name).short(short).long(name).action(action);
        let heading = self.0.text(text!("Options"));
        flag.help(self.0.text(help).to_owned())
            .help_heading(heading)
    }

    fn argument(&self, mut argument: Arg) -> Arg {
        let heading = match argument.get_help_heading() {
            Some(_) => self.0.text(SELECTION_HEADING),
            None if argument.is_positional() => self.0.text(text!("Arguments")),
            None => self.0.text(text!("Options")),
        };
        if let Some(help) = argument.get_help().map(|text| self.say(text)) {
            let help = help + &self.values(&argument) + &self.default(&argument);
            argument = argument.help(help);
        }
        let argument = argument.help_heading(heading);
        match argument.get_action().takes_values() {
            true => argument.hide_possible_values(true).hide_default_value(true),
            false => argument,
        }
    }

    /// What an argument takes, with what each value means.
    fn values(&self, argument: &Arg) -> String {
        let flag = !argument.get_action().takes_values();
        if flag || argument.is_hide_possible_values_set() {
            return String::new();
        }
        let values: Vec<String> = argument
            .get_possible_values()
            .iter()
            .map(|value| match value.get_help() {
                Some(help) => format!("{} – {}", value.get_name(), self.say(help)),
                None => value.get_name().to_owned(),
            })
            .collect();
        match values.len() {
            0 => String::new(),
            _ => said!(
                " [possible values: {values}]",
                values = values.join(self.0.text(text!("; ")))
            ),
        }
    }

    fn default(&self, argument: &Arg) -> String {
        let values: Vec<String> = argument
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy().into_owned())
            .collect();
        match argument.get_action().takes_values() && !values.is_empty() {
            true => said!(" [default: {value}]", value = values.join(" ")),
            false => String::new(),
        }
    }
}

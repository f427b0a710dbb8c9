//! What is wrong with a command line, in the program's language.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};
use netdiff_core::{Language, Message, message, text};

use crate::language::language;

/// Shows help or an error, and ends the program as clap does: with 0 after help, with 2 after an error.
pub(crate) fn exit(error: &Error, command: &Command) -> ! {
    let told = match language() {
        Language::English => None,
        other => told(error, command, other),
    };
    match told {
        // Standard error may be closed: then nobody reads it.
        Some(words) => {
            anstream::eprintln!("{words}");
            std::process::exit(error.exit_code())
        }
        None => error.exit(),
    }
}

/// The sentence, how the command is used, and where there is more; `None` for what is no error, or of a kind that is not known here.
pub(crate) fn told(error: &Error, command: &Command, language: Language) -> Option<String> {
    let sentence = sentence(error)?;
    let mut lines = vec![message!("error: {sentence}", sentence).render(language)];
    for kind in [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ] {
        if let Some(near) = value(error, kind) {
            lines.push(message!("  did you mean '{near}'?", near).render(language));
        }
    }
    if let Some(usage) = error.get(ContextKind::Usage) {
        let usage = usage
            .to_string()
            .replacen("Usage:", language.text(text!("Usage:")), 1);
        lines.push(format!("\n{usage}"));
    }
    let name = command.get_name();
    let more = message!("For more, try '{name} --help'.", name);
    lines.push(format!("\n{}", more.render(language)));
    Some(lines.join("\n"))
}

fn sentence(error: &Error) -> Option<Message> {
    let argument = value(error, ContextKind::InvalidArg).unwrap_or_default();
    let given = value(error, ContextKind::InvalidValue).unwrap_or_default();
    Some(match error.kind() {
        ErrorKind::UnknownArgument => message!("there is no argument '{argument}'", argument),
        ErrorKind::InvalidSubcommand => {
            let name = value(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            message!("there is no command '{name}'", name)
        }
        ErrorKind::MissingRequiredArgument => message!("these are missing: {argument}", argument),
        ErrorKind::MissingSubcommand => message!("a command is missing"),
        ErrorKind::InvalidValue if given.is_empty() => {
            message!("'{argument}' needs a value", argument)
        }
        ErrorKind::InvalidValue => match value(error, ContextKind::ValidValue) {
            Some(values) => message!(
                "'{given}' is no value of '{argument}'; it takes: {values}",
                given,
                argument,
                values
            ),
            None => message!("'{given}' is no value of '{argument}'", given, argument),
        },
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string);
            let why = Message::told(why.unwrap_or_default());
            message!(
                "'{given}' is no value of '{argument}': {why}",
                given,
                argument,
                why
            )
        }
        ErrorKind::ArgumentConflict => {
            let other = value(error, ContextKind::PriorArg).unwrap_or_default();
            message!(
                "'{argument}' cannot stand beside '{other}'",
                argument,
                other
            )
        }
        ErrorKind::NoEquals => message!("'{argument}' takes its value behind '='", argument),
        _ => return None,
    })
}

fn value(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) if !texts.is_empty() => Some(texts.join(", ")),
        _ => None,
    }
}

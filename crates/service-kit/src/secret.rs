//! Secrets: where they come from, and how they stay out of logs. Never from a flag, which every user of the machine can
//! read in the list of processes.

use std::fmt;

use crate::Failure;

/// A text that neither `Debug` nor `Display` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself, for handing it to the client that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// The secret in the environment variable `name`, or in the file that the variable `<name>_FILE` names (without its
/// trailing line break). Empty variables count as unset, since compose files set them so.
///
/// # Errors
/// [`Failure::Configuration`] where both are set, the file cannot be read, or the value is not UTF-8.
pub fn secret_from_env(name: &str) -> Result<Option<Secret>, Failure> {
    let file_variable = format!("{name}_FILE");
    let direct = read_variable(name)?;
    let file = read_variable(&file_variable)?;
    match (direct, file) {
        (Some(_), Some(_)) => Err(Failure::Configuration(format!(
            "{name} and {file_variable} are both set: unset one of them"
        ))),
        (Some(text), None) => Ok(Some(Secret(text))),
        (None, Some(path)) => read_secret_file(&file_variable, &path).map(Some),
        (None, None) => Ok(None),
    }
}

fn read_variable(name: &str) -> Result<Option<String>, Failure> {
    match std::env::var(name) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        // The library's error would print the value.
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::Configuration(format!(
            "the value of {name} is not UTF-8: set it anew"
        ))),
    }
}

fn read_secret_file(variable: &str, path: &str) -> Result<Secret, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::Configuration(format!(
            "cannot read the file {path} that {variable} names: {error}: check that it exists and that this user may read it"
        ))
    })?;
    let trimmed = text.strip_suffix('\n').unwrap_or(&text);
    let trimmed = trimmed.strip_suffix('\r').unwrap_or(trimmed);
    if trimmed.is_empty() {
        return Err(Failure::Configuration(format!(
            "the file {path} that {variable} names is empty: write the secret into it"
        )));
    }
    Ok(Secret(trimmed.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    // The process's environment is shared by all tests and setting it is unsafe, so the tests go through the function
    // below the variables, and for the variables through a child process (see tests/secret_environment.rs).

    #[test]
    fn a_secret_does_not_show() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn one_trailing_line_break_of_a_file_is_not_part_of_it() {
        for (content, expected) in [
            ("a b\n", "a b"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("a", "a"),
        ] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(content.as_bytes()).unwrap();
            let secret = read_secret_file("X_FILE", file.path().to_str().unwrap()).unwrap();
            assert_eq!(secret.expose(), expected);
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let failure = read_secret_file("X_FILE", "/nonexistent/secret").unwrap_err();
        assert_eq!(failure.exit_code(), 3);
        assert!(failure.to_string().contains("/nonexistent/secret"));
        assert!(failure.to_string().contains("X_FILE"));
    }

    #[test]
    fn an_empty_file_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = read_secret_file("X_FILE", file.path().to_str().unwrap()).unwrap_err();
        assert!(failure.to_string().contains("empty"));
    }
}

//! What the user sees while waiting.

use std::fmt;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Where the steps of a start are told.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Progress {
    /// Nowhere; they are still logged at debug level.
    #[default]
    Silent,
    /// On stderr: a spinner on a terminal, plain lines otherwise.
    Stderr,
    /// To a function, one short sentence a step. May be called from several threads.
    Told(Arc<dyn Fn(&str) + Send + Sync>),
}

impl fmt::Debug for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Progress::Silent => "Silent",
            Progress::Stderr => "Stderr",
            Progress::Told(_) => "Told",
        })
    }
}

/// One start, as it is shown.
pub(crate) struct Display {
    progress: Progress,
    spinner: Option<ProgressBar>,
}

impl Display {
    pub(crate) fn new(progress: &Progress) -> Display {
        let on_terminal = matches!(progress, Progress::Stderr) && std::io::stderr().is_terminal();
        let spinner = on_terminal.then(|| {
            let spinner = ProgressBar::new_spinner();
            spinner.set_style(
                ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            spinner.enable_steady_tick(Duration::from_millis(100));
            spinner
        });
        Display {
            progress: progress.clone(),
            spinner,
        }
    }

    /// Something begins that takes a moment.
    pub(crate) fn step(&self, step: &str) {
        tracing::debug!(step, "starting");
        match (&self.progress, &self.spinner) {
            (Progress::Silent, _) => {}
            (Progress::Told(tell), _) => tell(step),
            (Progress::Stderr, Some(spinner)) => spinner.set_message(step.to_owned()),
            (Progress::Stderr, None) => eprintln!("local-stack: {step}"),
        }
    }

    /// Something that the user should still be able to read afterwards.
    pub(crate) fn notice(&self, notice: &str) {
        tracing::info!("{notice}");
        match (&self.progress, &self.spinner) {
            (Progress::Silent, _) => {}
            (Progress::Told(tell), _) => tell(notice),
            (Progress::Stderr, Some(spinner)) => {
                spinner.suspend(|| eprintln!("local-stack: {notice}"))
            }
            (Progress::Stderr, None) => eprintln!("local-stack: {notice}"),
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}

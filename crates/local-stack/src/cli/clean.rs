use clap::Args;
use local_stack::Stacks;

use super::{DirArgs, Failure, Outcome};

#[derive(Debug, Args)]
pub(crate) struct CleanArgs {
    /// The stack's name [default: all that do not run]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    dir: DirArgs,
}

pub(crate) fn clean(args: &CleanArgs) -> Outcome {
    let stacks = Stacks::of(args.dir.dir.as_deref())?;
    let cleaned = stacks.clean(args.name.as_deref())?;
    for name in &cleaned.removed {
        eprintln!(
            "local-stack: removed `{name}` from {}",
            stacks.home().display()
        );
    }
    if cleaned.running.is_empty() {
        return Ok(0);
    }
    Err(Failure::Configuration(format!(
        "left alone, because running: {}. Stop them with `local-stack down --name ...`",
        cleaned.running.join(", ")
    )))
}

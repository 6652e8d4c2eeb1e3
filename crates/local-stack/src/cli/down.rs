use clap::Args;
use local_stack::{StackError, Stacks};

use super::{DirArgs, Outcome};

#[derive(Debug, Args)]
pub(crate) struct DownArgs {
    /// The stack's name [default: the one that runs]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    dir: DirArgs,
}

pub(crate) fn down(args: &DownArgs) -> Outcome {
    let stacks = Stacks::of(args.dir.dir.as_deref())?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => stacks.find(None)?.name,
    };
    match stacks.stop(&name) {
        Ok(()) => eprintln!("local-stack: `{name}` is stopped"),
        // Already as it should be.
        Err(StackError::NotRunning { .. }) => eprintln!("local-stack: `{name}` is not running"),
        Err(error) => return Err(error.into()),
    }
    Ok(0)
}

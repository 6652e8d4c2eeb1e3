//! Real stacks, started and ended in every way. Each takes seconds: what can share one, does.

mod as_library;
mod command_line;
mod ending;
mod external;
mod faults;
mod proxy;
mod side_by_side;
mod support;

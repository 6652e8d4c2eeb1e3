use std::path::PathBuf;
use std::thread;

use local_stack::{Stack, StackOptions};

use crate::support::{ask, execute, is_alive};

#[test]
fn two_stacks_live_side_by_side_and_leave_nothing_behind() {
    let second = thread::spawn(|| Stack::start(StackOptions::private()).unwrap());
    let first = Stack::start(StackOptions::private()).unwrap();
    let second = second.join().unwrap();

    assert_ne!(
        first.kafka_bootstrap_servers(),
        second.kafka_bootstrap_servers()
    );
    assert_ne!(first.superuser_url(), second.superuser_url());
    execute(first.migrator_url(), "CREATE TABLE mine (n int)").unwrap();
    let exists = "SELECT (to_regclass('mine') IS NOT NULL)::text";
    assert_eq!(ask(first.superuser_url(), exists), "true");
    assert_eq!(ask(second.superuser_url(), exists), "false");

    let pids: Vec<i32> = [&first, &second]
        .iter()
        .flat_map(|stack| [stack.postgres_pid().unwrap(), stack.kafka_pid().unwrap()])
        .collect();
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    let homes: Vec<PathBuf> = [&first, &second]
        .iter()
        .map(|stack| stack.dir().parent().unwrap().to_path_buf())
        .collect();
    first.stop().unwrap();
    drop(second);
    assert!(
        !pids.iter().any(|pid| is_alive(*pid)),
        "stopping and dropping wait until the servers are gone"
    );
    assert!(
        !homes.iter().any(|home| home.exists()),
        "a private stack's directory is removed: {homes:?}"
    );
}

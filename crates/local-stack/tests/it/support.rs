//! What the tests have in common.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio_postgres::{Client, NoTls};

/// A broker may write its class archive before it ends, on a machine that does other things besides.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// The command line program, with none of the services that a surrounding run may have put into the environment.
pub(crate) fn local_stack(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-stack"));
    command.env("ASSAY_HOME", home);
    for variable in [
        "ASSAY_STACK",
        "ASSAY_SUPERUSER_URL",
        "ASSAY_MIGRATOR_URL",
        "ASSAY_STACK_DIR",
        "DATABASE_URL",
        "KAFKA_BOOTSTRAP_SERVERS",
    ] {
        command.env_remove(variable);
    }
    command
}

/// A state directory that PostgreSQL's account can reach.
pub(crate) fn open_directory() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::Builder::new()
        .prefix("assay-it-")
        .tempdir()
        .unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    directory
}

/// A child that does not outlive a test that fails. Nobody needs to be told: the guard does what is left to do.
pub(crate) struct Program(pub(crate) Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _reaped_already = self.0.wait();
    }
}

/// Starts `local-stack up` and returns once the stack is ready.
pub(crate) fn up(home: &Path, name: &str) -> (Program, Value) {
    let child = local_stack(home)
        .args(["up", "--name", name])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut program = Program(child);
    let record = home.join(name).join("stack.json");
    let begun = Instant::now();
    loop {
        let found = std::fs::read(&record)
            .ok()
            .and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        // Not that of a predecessor that was killed.
        if let Some(record) = found.filter(|record| record["owner_pid"] == program.0.id()) {
            return (program, record);
        }
        assert!(
            program.0.try_wait().unwrap().is_none(),
            "`up` ended before the stack was ready"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(150),
            "the stack was not ready in time"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn number(record: &Value, key: &str) -> i32 {
    i32::try_from(
        record[key]
            .as_i64()
            .unwrap_or_else(|| panic!("no {key} in the record")),
    )
    .unwrap()
}

pub(crate) fn text<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap()
}

pub(crate) fn is_alive(pid: i32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    !stat.rsplit_once(") ").unwrap().1.starts_with('Z')
}

pub(crate) fn send(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

/// How long it took until a condition held.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < SOON, "not within {SOON:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
    begun.elapsed()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

pub(crate) async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Runs statements; the error's text where one fails.
pub(crate) fn execute(url: &str, statements: &str) -> Result<(), String> {
    runtime().block_on(async {
        let client = connect(url).await.map_err(|error| format!("{error:?}"))?;
        client
            .batch_execute(statements)
            .await
            .map_err(|error| format!("{error:?}"))
    })
}

/// The first column of the only row, as text.
pub(crate) fn ask(url: &str, query: &str) -> String {
    runtime().block_on(async {
        let client = connect(url).await.unwrap();
        client.query_one(query, &[]).await.unwrap().get(0)
    })
}

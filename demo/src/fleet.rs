//! Service processes: started with their environment, logged to files, measured, stopped, killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Where the services' binaries are and where their logs go.
#[derive(Debug, Clone)]
pub struct Fleet {
    binaries: PathBuf,
    logs: PathBuf,
}

impl Fleet {
    /// A fleet of the binaries beside the running program, which `cargo build` puts there.
    ///
    /// # Errors
    /// Where the log directory cannot be made.
    pub fn new(logs: PathBuf) -> Result<Fleet> {
        let program = std::env::current_exe().context("finding the running program")?;
        let mut binaries = program
            .parent()
            .context("the running program has no directory")?;
        if binaries.ends_with("deps") {
            binaries = binaries.parent().unwrap_or(binaries); // a test program
        }
        std::fs::create_dir_all(&logs).with_context(|| format!("making {}", logs.display()))?;
        Ok(Fleet {
            binaries: binaries.to_owned(),
            logs,
        })
    }

    /// Where the logs are.
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// Starts a service; its stderr goes to `<name>.log`, its stdout to `<name>.out`, anew.
    ///
    /// It is killed when the calling thread ends, however that happens: a service on its own would wait for its
    /// PostgreSQL for ever.
    ///
    /// # Errors
    /// Where the binary is missing.
    pub fn spawn(
        &self,
        service: &str,
        name: &str,
        arguments: &[&str],
        environment: &[(String, String)],
    ) -> Result<Service> {
        let binary = self.binaries.join(service);
        if !binary.exists() {
            bail!(
                "{} is missing: run `cargo build` with the same profile",
                binary.display()
            );
        }
        let log = self.logs.join(format!("{name}.log"));
        let output = self.logs.join(format!("{name}.out"));
        let append = |path: &Path| {
            File::options()
                .create(true)
                .append(true)
                .open(path)
                .with_context(|| format!("opening {}", path.display()))
        };
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(&binary)
            .args(arguments)
            .env_remove("DATABASE_URL")
            .env_remove("DATABASE_URL_FILE")
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(append(&output)?)
            .stderr(append(&log)?)
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        Ok(Service {
            name: name.to_owned(),
            child,
            log,
            output,
            peak_rss_bytes: 0,
        })
    }
}

/// A running service; killed when dropped.
#[derive(Debug)]
pub struct Service {
    name: String,
    child: Child,
    log: PathBuf,
    output: PathBuf,
    peak_rss_bytes: u64,
}

impl Service {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its exit status, once it has ended.
    ///
    /// # Errors
    /// Where the operating system will not tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.measure();
        Ok(self.child.try_wait()?)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// Where it takes longer than `longest`.
    pub fn wait(&mut self, longest: Duration) -> Result<ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < longest {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!(
            "{} has not ended after {longest:?}; its log is {}",
            self.name,
            self.log.display()
        )
    }

    /// Asks it to stop and waits; kills it when it takes too long.
    ///
    /// # Errors
    /// Where it had to be killed.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM);
        let ended = self.wait(Duration::from_secs(20));
        if ended.is_err() {
            self.kill();
        }
        ended
    }

    /// kill -9, and waits until it is gone.
    pub fn kill(&mut self) {
        self.measure();
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// The most memory that it has held, as far as it was looked at.
    pub fn peak_rss_bytes(&mut self) -> u64 {
        self.measure();
        self.peak_rss_bytes
    }

    /// Seconds of CPU used so far, user and system.
    pub fn cpu_seconds(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let (_, after_name) = stat.rsplit_once(')')?;
        let mut fields = after_name.split_whitespace().skip(11);
        let user: f64 = fields.next()?.parse().ok()?;
        let system: f64 = fields.next()?.parse().ok()?;
        Some((user + system) / 100.0)
    }

    /// What it printed on stdout.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn output(&self) -> Result<String> {
        std::fs::read_to_string(&self.output)
            .with_context(|| format!("reading {}", self.output.display()))
    }

    /// What it logged.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn log(&self) -> Result<String> {
        std::fs::read_to_string(&self.log)
            .with_context(|| format!("reading {}", self.log.display()))
    }

    fn measure(&mut self) {
        let path = format!("/proc/{}/status", self.child.id());
        let Ok(status) = std::fs::read_to_string(path) else {
            return;
        };
        let peak_kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        if let Some(peak_kib) = peak_kib {
            self.peak_rss_bytes = self.peak_rss_bytes.max(peak_kib * 1024);
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

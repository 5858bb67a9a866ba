//! The server under load: started for the run or already running, its CPU time and its core.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Unit of the CPU times in /proc: Linux reports them to user space in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// A server. Dropping it stops the process that it started.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pid: Option<u32>,
    child: Option<Child>,
}

impl Server {
    /// Uses a running service.
    pub(crate) fn running(url: &str, pid: Option<u32>, pinned: bool) -> Result<Self> {
        if let (true, Some(pid)) = (pinned, pid) {
            pin(pid, 0)?;
        }
        Ok(Self {
            address: resolve(url)?,
            pid,
            child: None,
        })
    }

    /// Starts `saima demo` with that number of synthetic items on a free port, under a configuration file if one is given, and waits until
    /// it listens.
    pub(crate) fn demo(items: u32, config: Option<&Path>, pinned: bool) -> Result<Self> {
        let items = items.to_string();
        let mut arguments = vec!["demo", "--synthetic", &items];
        if let Some(config) = config {
            let config = config.to_str().context("the path is not UTF-8")?;
            arguments.extend(["--config", config]);
        }
        Self::start(&arguments, pinned)
    }

    /// Starts `saima serve` on a data directory.
    pub(crate) fn serve(data: &Path, pinned: bool) -> Result<Self> {
        let data = data.to_str().context("the path is not UTF-8")?;
        Self::start(&["serve", "--data", data], pinned)
    }

    /// Starts `saima serve` on a data directory under a configuration file.
    pub(crate) fn configured(data: &Path, config: &Path, pinned: bool) -> Result<Self> {
        let [data, config] =
            [data, config].map(|path| path.to_str().context("the path is not UTF-8"));
        Self::start(&["serve", "--data", data?, "--config", config?], pinned)
    }

    fn start(arguments: &[&str], pinned: bool) -> Result<Self> {
        let program = env!("CARGO_BIN_EXE_saima");
        let mut command = if pinned {
            Command::new("taskset")
        } else {
            Command::new(program)
        };
        if pinned {
            command.args(["-c", "0", program]);
        }
        command.args(arguments).args(["--listen", "127.0.0.1:0"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("the server does not start")?;
        let output = child.stdout.take().context("the server has no output")?;
        let mut server = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            pid: Some(child.id()),
            child: Some(child),
        };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let Some(url) = line.trim().strip_prefix("saima listening on ") else {
            let command = arguments.join(" ");
            bail!("the server ended before it listened; run `saima {command}` for the reason");
        };
        server.address = resolve(url)?;
        Ok(server)
    }

    /// Returns the CPU time of the server so far, in user and kernel mode, `None` if it is unknown.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid?)).ok()?;
        let after_name = stat.rsplit_once(')')?.1;
        let ticks: u32 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u32>().ok())
            .sum();
        Some(TICK * ticks)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn resolve(url: &str) -> Result<SocketAddr> {
    let host = url
        .strip_prefix("http://")
        .context("the url must look like http://HOST:PORT")?;
    let mut addresses = host
        .trim_end_matches('/')
        .to_socket_addrs()
        .with_context(|| format!("no address: {url}"))?;
    addresses.next().context("no address")
}

/// Pins a process, with all its threads, to one core.
pub(crate) fn pin(pid: u32, core: u32) -> Result<()> {
    let status = Command::new("taskset")
        .args(["-a", "-c", "-p", &core.to_string(), &pid.to_string()])
        .stdout(Stdio::null())
        .status()
        .context("--pin needs taskset")?;
    ensure!(status.success(), "cannot pin process {pid} to core {core}");
    Ok(())
}

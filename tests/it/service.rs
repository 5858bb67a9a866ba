//! A service for each test: the built program on a free port, stopped at the end of the test.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::http::Request;
use ureq::tls::TlsConfig;

pub(super) const JSON: &str = "application/json";
pub(super) const LINES: &str = "application/x-ndjson";
/// Maximum time that a test waits for background work to end.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Lines per body.
const BATCH: usize = 20_000;

/// Returns the program, without the environment variables that it reads.
pub(super) fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_saima"));
    let own = |name: &OsString| name.to_string_lossy().starts_with("SAIMA_");
    for name in std::env::vars_os().map(|(name, _)| name).filter(own) {
        program.env_remove(name);
    }
    program
}

/// Returns a client for which no status is an error.
pub(super) fn agent(tls: TlsConfig) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .tls_config(tls)
        .build()
        .into()
}

/// A running service. Dropping it kills the process.
pub(super) struct Service {
    child: Child,
    base: String,
    agent: ureq::Agent,
    token: Option<String>,
    config: Option<(TempDir, PathBuf)>,
}

impl Service {
    /// Starts with the embedded configuration, in event time.
    pub(super) fn start() -> Self {
        Self::launch(None, &["--clock", "event"], &[])
    }

    /// Starts with a configuration, in event time.
    pub(super) fn with_config(text: &str) -> Self {
        Self::launch(Some(text), &["--clock", "event"], &[])
    }

    /// Starts with arguments and environment.
    pub(super) fn launch(config: Option<&str>, args: &[&str], env: &[(&str, &str)]) -> Self {
        let config = config.map(|text| {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("saima.toml");
            std::fs::write(&file, text).unwrap();
            (dir, file)
        });
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        if !args.contains(&"--data") {
            command.args(["--data", "none"]);
        }
        if let Some((_, file)) = &config {
            command.arg("--config").arg(file);
        }
        command.args(args).envs(env.iter().copied());
        let mut log = tempfile::tempfile().unwrap();
        command.stderr(log.try_clone().unwrap());
        Self::begin(command, config).unwrap_or_else(|fault| {
            log.rewind().unwrap();
            panic!("{fault}\n{}", std::io::read_to_string(log).unwrap())
        })
    }

    /// Starts with a command that serves. The configuration file is kept until the end.
    pub(super) fn run(command: Command, config: Option<(TempDir, PathBuf)>) -> Self {
        Self::begin(command, config).unwrap_or_else(|fault| panic!("{fault}"))
    }

    /// Starts with a command, or returns how its process ended instead of listening.
    fn begin(mut command: Command, config: Option<(TempDir, PathBuf)>) -> Result<Self, String> {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Some(base) = line.trim_end().strip_prefix("saima listening on ") else {
            child.kill().unwrap();
            let status = child.wait().unwrap();
            return Err(format!("unexpected output {line:?}, {status}"));
        };
        let base = base.to_owned();
        Ok(Self {
            child,
            base,
            agent: agent(TlsConfig::default()),
            token: None,
            config,
        })
    }

    /// Sets the token of later requests.
    pub(super) fn token(&mut self, token: Option<&str>) {
        self.token = token.map(str::to_owned);
    }

    /// Sets the TLS configuration of later requests.
    pub(super) fn tls(&mut self, tls: TlsConfig) {
        self.agent = agent(tls);
    }

    /// Returns the path of the configuration file.
    pub(super) fn config_file(&self) -> &Path {
        &self.config.as_ref().unwrap().1
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Replaces the configuration file by renaming, as editors do.
    pub(super) fn reconfigure(&self, text: &str) {
        let (dir, file) = self.config.as_ref().unwrap();
        let fresh = dir.path().join("fresh");
        std::fs::write(&fresh, text).unwrap();
        std::fs::rename(fresh, file).unwrap();
    }

    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let request = request.body(body).unwrap();
        let mut response = self.agent.run(request).unwrap();
        let mut bytes = Vec::new();
        response
            .body_mut()
            .as_reader()
            .read_to_end(&mut bytes)
            .unwrap();
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        Answer {
            status: response.status().as_u16(),
            media: header("content-type"),
            retry_after: header("retry-after"),
            bytes,
        }
    }

    /// Returns the process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the service after that time.
    pub(super) fn kill_after(&self, patience: Duration) -> std::thread::JoinHandle<()> {
        let pid = self.pid().to_string();
        std::thread::spawn(move || {
            std::thread::sleep(patience);
            let killed = Command::new("kill").args(["-9", &pid]).status();
            assert!(killed.unwrap().success());
        })
    }

    /// Returns the status of the answer to a body of lines, `None` if the service ended before.
    pub(super) fn attempt(&self, method: &str, path: &str, lines: &[u8]) -> Option<u16> {
        self.attempt_as(LINES, (method, path), lines)
    }

    /// Returns the status of the answer to a body, `None` if the service ended before.
    pub(super) fn attempt_as(
        &self,
        media: &str,
        (method, path): (&str, &str),
        body: &[u8],
    ) -> Option<u16> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("Content-Type", media)
            .body(body)
            .unwrap();
        let mut response = self.agent.run(request).ok()?;
        response.body_mut().read_to_vec().ok()?;
        Some(response.status().as_u16())
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// Returns the declared fields of an item or a merchant.
    pub(super) fn declared(&self, path: &str) -> Value {
        let mut entity = self.get(path).ok();
        let learnt = entity.as_object_mut().unwrap().remove("learnt");
        assert!(learnt.is_some(), "{entity}");
        entity
    }

    pub(super) fn delete(&self, path: &str) -> u16 {
        self.send("DELETE", path, &[], b"").status
    }

    pub(super) fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(
            method,
            path,
            &[("Content-Type", JSON)],
            body.to_string().as_bytes(),
        )
    }

    /// Sends facts, one per line. Every line must be accepted.
    pub(super) fn send_facts(&self, method: &str, path: &str, facts: &[Value]) {
        for batch in facts.chunks(BATCH) {
            let lines: String = batch.iter().map(|fact| format!("{fact}\n")).collect();
            let answer = self.send(method, path, &[("Content-Type", LINES)], lines.as_bytes());
            let report = answer.ok();
            assert_eq!(report["rejected_count"], 0, "{}", report["rejected"][0]);
            assert_eq!(report["accepted"], batch.len());
        }
    }

    pub(super) fn items(&self, items: &[Value]) {
        self.send_facts("PUT", "/items", items);
    }

    pub(super) fn merchants(&self, merchants: &[Value]) {
        self.send_facts("PUT", "/merchants", merchants);
    }

    pub(super) fn users(&self, users: &[Value]) {
        self.send_facts("PUT", "/users", users);
    }

    pub(super) fn events(&self, events: &[Value]) {
        self.send_facts("POST", "/events", events);
    }

    /// Sends one fact that must be rejected, and returns the paths of its faults.
    pub(super) fn rejected(&self, method: &str, path: &str, fact: &Value) -> Vec<String> {
        let report = self.json(method, path, &json!([fact])).ok();
        assert_eq!(report["rejected_count"], 1, "{fact} was accepted");
        let errors = report["rejected"][0]["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| error["path"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(super) fn rebuild(&self) -> u64 {
        let answer = self.json("POST", "/race/rebuild", &json!({})).ok();
        answer["standings"].as_u64().unwrap()
    }

    /// Returns a ranking. It may take longer than the default timeout: the machine may be busy.
    pub(super) fn rank(&self, request: &Value) -> Value {
        let mut patient = json!({"timeout_ms": 60_000});
        let fields = patient.as_object_mut().unwrap();
        fields.extend(request.as_object().unwrap().clone());
        self.json("POST", "/rank", &patient).ok()
    }

    /// Returns the ids of a ranking for a user, best first.
    pub(super) fn order(&self, user: &str, candidates: &[&str]) -> Vec<String> {
        ids(&self.rank(&json!({"user_id": user, "candidates": candidates})))
    }

    /// Returns the explanation of a candidate's score.
    pub(super) fn explain(&self, user: &str, item: &str) -> Value {
        let request = json!({"user_id": user, "candidates": [item], "explain": true});
        self.rank(&request)["items"][0]["explain"].clone()
    }

    /// Returns one objective of a candidate.
    pub(super) fn objective(&self, user: &str, item: &str, name: &str) -> Value {
        let explain = self.explain(user, item);
        let all = explain["objectives"].as_array().unwrap();
        let found = all.iter().find(|objective| objective["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}")).clone()
    }

    pub(super) fn value(&self, user: &str, item: &str, name: &str) -> f64 {
        self.objective(user, item, name)["value"].as_f64().unwrap()
    }

    /// Returns the value of a metric, by its name and labels.
    pub(super) fn metric(&self, name: &str) -> f64 {
        let page = String::from_utf8(self.get("/metrics").bytes).unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    }

    /// Sends SIGTERM to the service.
    pub(super) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal to the service.
    pub(super) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Returns the log, if the service was started with a pipe for it.
    pub(super) fn log(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }

    /// Waits for the end of the service and returns its exit code.
    pub(super) fn ended(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Waits until background work has made a condition true. `what` is the condition in words, for the failure.
    pub(super) fn wait(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) media: Option<String>,
    pub(super) retry_after: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Returns the body. The status must be 200.
    pub(super) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// Returns the paths of the faults. The answer must be a problem of that status.
    pub(super) fn problem(&self, status: u16) -> Vec<String> {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.media.as_deref(), Some("application/problem+json"));
        let problem: Value = serde_json::from_slice(&self.bytes).unwrap();
        assert_eq!(problem["status"], status);
        let errors = problem["errors"].as_array().unwrap();
        assert!(!errors.is_empty(), "every problem names a fault");
        errors
            .iter()
            .map(|error| error["path"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Returns the ids of a ranking, best first.
pub(super) fn ids(ranking: &Value) -> Vec<String> {
    let items = ranking["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

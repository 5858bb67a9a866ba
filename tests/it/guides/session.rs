//! One shell that runs the blocks of a page in their order, as a reader does.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::block::Block;
use crate::service::program;

/// The address that the pages use.
const SHOWN: &str = "localhost:8080";
/// Beginning of the script: stops at the first error, and ends the background processes of the blocks at exit.
const PREAMBLE: &str = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n";
/// Configuration of curl: it retries until a service that a block has started listens.
const CURL: &str = "retry = 300\nretry-delay = 1\nretry-connrefused\n";

/// A shell in a folder of its own.
pub(super) struct Session {
    folder: tempfile::TempDir,
    address: String,
    script: String,
    places: Vec<String>,
}

/// Returns an address on which nothing listens. Its port is below those that the system gives to the services of other tests, one of which
/// could otherwise take it before it is used.
pub(super) fn free_address() -> String {
    let first = 10_000 + std::process::id() % 10_000;
    let mut addresses = (first..32_000).map(|port| format!("127.0.0.1:{port}"));
    let is_free = |address: &String| TcpListener::bind(address).is_ok();
    addresses.find(is_free).unwrap()
}

impl Session {
    /// Creates a session in which `localhost:8080` is replaced by that address.
    pub(super) fn new(address: &str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            address: address.to_owned(),
            script: PREAMBLE.to_owned(),
            places: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, block: &Block) {
        let number = self.places.len();
        let text = block.text.replace(SHOWN, &self.address);
        self.script += &format!("{{\n{text}\n}} >../{number}.out 2>../{number}.err\n");
        self.places.push(block.place.clone());
    }

    /// Runs all blocks. Returns the standard output and standard error of each.
    pub(super) fn run(self) -> Vec<(String, String)> {
        let (root, work) = (self.folder.path(), self.folder.path().join("work"));
        fs::create_dir(&work).unwrap();
        fs::write(root.join(".curlrc"), CURL).unwrap();
        self.install(root);
        let path = format!("{}:{}", root.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("bash");
        shell.args(["-c", &self.script]).current_dir(work);
        shell.env("PATH", path).env("CURL_HOME", root);
        let status = shell.status().unwrap();
        let read = |name: String| fs::read_to_string(root.join(name)).unwrap_or_default();
        let outputs = (0..self.places.len())
            .map(|number| (read(format!("{number}.out")), read(format!("{number}.err"))));
        let outputs: Vec<(String, String)> = outputs.collect();
        let begun =
            (0..self.places.len()).rfind(|number| root.join(format!("{number}.out")).exists());
        assert!(
            status.success(),
            "{}: {:?}",
            self.places[begun.unwrap_or_default()],
            outputs[begun.unwrap_or_default()],
        );
        outputs
    }

    /// Puts a `saima` on the path that serves at the address of the session, and whose clients wait until something listens there.
    fn install(&self, folder: &Path) {
        let saima = program().get_program().to_str().unwrap().to_owned();
        let (host, port) = self.address.split_once(':').unwrap();
        let text = format!(
            "#!/bin/bash\ncase \"$1\" in\nserve | demo) set -- \"$@\" --listen {};;\nimport | backup | evaluate | config)\n    {}\nesac\nexec {saima} \"$@\"\n",
            self.address,
            format_args!(
                "for _ in {{1..300}}; do (exec 3<>/dev/tcp/{host}/{port}) 2>/dev/null && break; sleep 0.2; done;;"
            ),
        );
        let file = folder.join("saima");
        fs::write(&file, text).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

//! The passes of a command over its files: one for each kind of facts, in the order of sending.

use std::fs;

use super::args::Args;
use super::error::ImportError;
use super::map::MapFile;
use super::mapping::Mapping;
use super::target::Target;

/// One kind of facts of a command, and the part of the map that makes them.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) target: Target,
    pub(super) mapping: Option<Mapping>,
}

impl Pass {
    /// Returns the passes of a command: the kinds that it names, else every section of its map.
    ///
    /// # Errors
    /// Every fault of the map, or sections that it lacks.
    pub(super) fn all(args: &Args) -> Result<Vec<Self>, ImportError> {
        let mut targets = args.into.clone();
        targets.sort_unstable();
        targets.dedup();
        let Some(path) = &args.map else {
            if targets.len() > 1 {
                return Err(ImportError::SeveralKinds);
            }
            let pass = |target| Self {
                target,
                mapping: None,
            };
            return Ok(targets.into_iter().map(pass).collect());
        };
        let fault = |fault: &str| ImportError::file(path, fault);
        let text = fs::read(path).map_err(|cause| ImportError::file(path, cause))?;
        let text =
            String::from_utf8(text).map_err(|_| fault("is not UTF-8; save the map as UTF-8"))?;
        let map = MapFile::parse(&text).map_err(|found| fault(&found))?;
        if targets.is_empty() {
            targets = map.targets().collect();
        }
        let (mut passes, mut faults) = (Vec::new(), Vec::new());
        for target in targets {
            match map.target(target.name()) {
                Ok(mut mapping) => {
                    mapping.settings.patches = args.patch;
                    let mapping = Some(mapping);
                    passes.push(Self { target, mapping });
                }
                Err(found) => faults.push(found),
            }
        }
        if passes.is_empty() && faults.is_empty() {
            faults.push("the map has no section of facts, such as [items] or [events]".to_owned());
        }
        if faults.is_empty() {
            Ok(passes)
        } else {
            Err(fault(&faults.join("\n")))
        }
    }

    /// Returns the method and the path of the requests.
    pub(super) fn route(&self, args: &Args) -> (&'static str, String) {
        let path = self.target.path();
        let (method, asks) = match self.target {
            Target::Events => ("POST", ""),
            Target::Items | Target::Merchants | Target::Users => {
                if args.patch {
                    ("PATCH", "")
                } else {
                    ("PUT", "?effects=true")
                }
            }
        };
        let asks = if args.dry_run { "?dry_run=true" } else { asks };
        (method, format!("{path}{asks}"))
    }
}

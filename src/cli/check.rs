//! `saima check`: reports every fault of a configuration file, and what a running service has noticed of its predictions.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use prometheus_client::metrics::counter::Counter;

use super::against::compare;
use super::client::{Client, Service, Token};
use super::live;
use super::output::{print, tell};
use crate::clock::{Clock, Time};
use crate::config::{Config, file};
use crate::http::Tls;

/// The metric with the share of clipped numbers, up to the name of the prediction.
const SHARE: &str = "saima_clipped_share{prediction=\"";
/// Share of clipped numbers above which a prediction is warned of.
const TOO_MANY: f64 = 0.05;

/// The arguments of `saima check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration file
    file: PathBuf,
    /// Also say which campaigns are live at this time (RFC 3339), and which of them conflict
    #[arg(long, value_name = "TIME", value_parser = live::time)]
    at: Option<Time>,
    /// URL of a running service: warns of predictions of which it clipped more than 5 % in the last hour
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// URL of a running service: prints the weights of every scene as shares, what the file would change there, and what needs a restart
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// Bearer token for the service; default: the environment variable SAIMA_TOKEN
    #[arg(long, value_name = "TOKEN")]
    token: Option<Token>,
    /// PEM file of the authorities to trust for an https service
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// PEM file with a certificate and its private key, for a service that requires client certificates
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

/// Runs the command. Exit code 1: the file has faults, alone or under the overrides of the service, or the service would reject it. Warnings
/// leave the exit code at 0.
pub(super) fn run(args: Args) -> Result<ExitCode> {
    let read = file::read_once(&args.file);
    let text = read
        .as_deref()
        .map_or_else(|_| Cow::default(), String::from_utf8_lossy);
    let text = text.into_owned();
    let Some(config) = valid(&args.file, read) else {
        return Ok(ExitCode::FAILURE);
    };
    let lines = args.at.map_or_else(Vec::new, |at| live::live(&config, at));
    lines.iter().for_each(tell);
    if let Some(url) = &args.url {
        let metrics = args.client(url)?.text("/metrics")?;
        for (prediction, share) in clipped(&metrics) {
            let percent = 100.0 * share;
            tell(format_args!(
                "warning: in the last hour {percent:.1} % of the numbers of the prediction {prediction} were clipped: its normaliser does \
                 not tell them apart"
            ));
        }
    }
    let Some(url) = &args.against else {
        return Ok(ExitCode::SUCCESS);
    };
    let client = args.client(url)?;
    let report = compare(&client, &text)?;
    print(&report.text)?;
    for warning in &report.warnings {
        tell(format_args!("warning: {warning}"));
    }
    for fault in &report.faults {
        tell(fault);
    }
    Ok(if report.faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Args {
    /// Returns a client of a service.
    fn client(&self, url: &str) -> Result<Client> {
        let service = Service {
            url: url.to_owned(),
            token: self.token.clone(),
            ca: self.ca.clone(),
            identity: self.identity.clone(),
        };
        Ok(Client::new(&service)?)
    }
}

/// Checks a configuration file and the files that it names, models included, and prints the outcome. Returns a valid configuration.
fn valid(path: &Path, read: io::Result<Vec<u8>>) -> Option<Config> {
    let config = match Config::of_file(path, read) {
        Ok(config) => config,
        Err(faults) => {
            tell(faults);
            return None;
        }
    };
    // The files that it names must be usable too.
    let (counter, clock) = (Counter::default(), Clock::machine());
    if let Err(error) = Tls::load(&config.tls, counter, file::read, clock) {
        tell(format_args!("{}: {error}", path.display()));
        return None;
    }
    for warning in &config.warnings {
        tell(format_args!(
            "warning: {}",
            warning.shown(&path.display().to_string())
        ));
    }
    for model in &config.models {
        tell(format_args!("{}", model.shown()));
    }
    let scenes = config.vocabulary.scenes.join(", ");
    tell(format_args!("{}: valid; scenes: {scenes}", path.display()));
    Some(config)
}

/// Returns the predictions of which too many numbers were clipped, with the share, from a page of metrics.
fn clipped(metrics: &str) -> Vec<(&str, f64)> {
    let shares = metrics.lines().filter_map(|line| {
        let (prediction, share) = line.strip_prefix(SHARE)?.split_once("\"} ")?;
        Some((prediction, share.parse().ok()?))
    });
    shares.filter(|(_, share)| *share > TOO_MANY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_above_the_bound_are_found() {
        let metrics = "# HELP saima_clipped_share x\nsaima_clipped_share{prediction=\"a\"} 0.05\nsaima_clipped_share{prediction=\"b\"} 0.25\n\
                       saima_clipped_total{prediction=\"c\"} 9\n";
        assert_eq!(clipped(metrics), [("b", 0.25)]);
    }
}

//! `saima experiments`: prints the results of the experiments of a running service.

use std::process::ExitCode;

use anyhow::{Result, bail};
use comfy_table::{Table, presets};
use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, Format, Service};
use super::output::{print, print_line};

/// Prints the results of experiments
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  saima experiments growth-up --url http://127.0.0.1:8080
Without a name every experiment is printed, those that ended too. * is the metric that decides, ! a guard. The
intervals hold at every look, so a result may be read on any day. The command needs the read role.")]
pub(super) struct Args {
    /// Name of an experiment; default: all
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Print the answer of the service as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    service: Service,
}

/// An experiment, as the service answers.
#[derive(Debug, Deserialize)]
struct Experiment {
    name: String,
    state: String,
    verdict: String,
    layer: String,
    range: [f64; 2],
    primary: String,
    guards: Vec<String>,
    find: f64,
    users: u64,
    full: bool,
    sample_ratio_p: Option<f64>,
    progress: Option<u64>,
    arms: Vec<Arm>,
}

#[derive(Debug, Deserialize)]
struct Arm {
    name: String,
    users: u64,
    verdict: String,
    #[serde(default)]
    latency_p50_ms: Option<f64>,
    #[serde(default)]
    latency_p99_ms: Option<f64>,
    gini: Option<f64>,
    metrics: Vec<Metric>,
}

#[derive(Debug, Deserialize)]
struct Metric {
    name: String,
    value: Option<f64>,
    #[serde(default)]
    lift: Option<f64>,
    #[serde(default)]
    low: Option<f64>,
    #[serde(default)]
    high: Option<f64>,
    #[serde(default)]
    variance_cut: Option<f64>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let client = Client::new(&args.service)?;
    let all: Value = client.send("GET", "/experiments", b"", Format::Json)?;
    let mut each = all["experiments"].as_array().cloned().unwrap_or_default();
    if let Some(name) = &args.name {
        each.retain(|it| it["name"] == name.as_str());
        if each.is_empty() {
            bail!("there is no experiment {name}");
        }
    }
    if args.json {
        print_line(Value::Array(each))?;
        return Ok(ExitCode::SUCCESS);
    }
    if each.is_empty() {
        print_line("no experiments")?;
    }
    for one in each {
        let experiment: Experiment = serde_json::from_value(one)?;
        print(format_args!(
            "{}\n{}\n\n",
            experiment.head(),
            experiment.table()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Experiment {
    /// Returns the lines above the table.
    fn head(&self) -> String {
        let [from, until] = self.range;
        let verdict = match (&*self.state, &*self.verdict) {
            ("ended", "running") => "no verdict".to_owned(),
            (_, verdict) => format!("verdict {verdict}"),
        };
        let mut head = format!(
            "{}: {}, {verdict}. {} users of layer {} [{from}, {until}]",
            self.name, self.state, self.users, self.layer
        );
        if self.full {
            head += ", full";
        }
        if let Some(p) = self.sample_ratio_p {
            head += &format!("; sample ratio p = {p:.4}");
        }
        match self.progress {
            Some(0) => head += "; enough users",
            Some(users) => {
                let find = self.find * 100.0;
                head += &format!("; about {users} more users to find {find} %");
            }
            None => {}
        }
        head
    }

    /// Returns a row for each metric of each arm.
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["arm", "", "value", "lift", "interval", "variance cut"]);
        for arm in &self.arms {
            let latency = arm.latency_p50_ms.zip(arm.latency_p99_ms);
            let latency = latency.map(|(p50, p99)| format!("{p50:.2}, {p99:.2} ms"));
            let own = [
                (
                    format!("{} ({})", arm.name, arm.verdict),
                    "users",
                    Some(arm.users.to_string()),
                ),
                (String::new(), "latency p50, p99", latency),
                (
                    String::new(),
                    "gini",
                    arm.gini.map(|gini| format!("{gini:.3}")),
                ),
            ];
            for (name, what, value) in own {
                if let Some(value) = value {
                    table.add_row([name, what.to_owned(), value]);
                }
            }
            for metric in arm.metrics.iter().filter(|it| it.value.is_some()) {
                table.add_row(self.row(metric));
            }
        }
        table
    }

    fn row(&self, metric: &Metric) -> [String; 6] {
        let mark = if metric.name == self.primary {
            " *"
        } else if self.guards.contains(&metric.name) {
            " !"
        } else {
            ""
        };
        let percent = |share: Option<f64>| share.map(|share| format!("{:+.2} %", share * 100.0));
        let interval = percent(metric.low).zip(percent(metric.high));
        [
            String::new(),
            format!("{}{mark}", metric.name),
            metric
                .value
                .map_or_else(String::new, |value| format!("{value:.4}")),
            percent(metric.lift).unwrap_or_default(),
            interval.map_or_else(String::new, |(low, high)| format!("{low} – {high}")),
            metric
                .variance_cut
                .map_or_else(String::new, |cut| format!("{:.0} %", cut * 100.0)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_marks_what_decides() {
        let metric = json!({"name": "ctr", "value": 0.125, "numerator": 1, "denominator": 8, "lift": 0.031, "low": -0.01, "high": 0.07,
                            "se": 0.01, "variance_cut": 0.5});
        let guard = json!({"name": "cvr", "value": 0.5, "numerator": 1, "denominator": 2});
        let none = json!({"name": "refund_share", "value": null, "numerator": 0, "denominator": 0});
        let arm = json!({"name": "more", "share": 0.5, "users": 1234, "verdict": "running", "harmed": [], "gini": 0.25,
                         "latency_p50_ms": 0.5, "latency_p99_ms": 2.0, "metrics": [metric, guard, none]});
        let experiment = json!({"name": "e", "state": "running", "verdict": "running", "layer": "l", "range": [0.0, 0.25], "primary": "ctr",
                                "guards": ["cvr"], "find": 0.03, "users": 2468, "full": false, "sample_ratio_p": 0.5, "progress": 100,
                                "arms": [arm]});
        let experiment: Experiment = serde_json::from_value(experiment).unwrap();
        let head = "e: running, verdict running. 2468 users of layer l [0, 0.25]; sample ratio p = 0.5000; about 100 more users to find 3 %";
        assert_eq!(experiment.head(), head);
        let table = experiment.table().to_string();
        for part in [
            "more (running)",
            "1234",
            "0.50, 2.00 ms",
            "ctr *",
            "0.1250",
            "+3.10 %",
            "-1.00 % – +7.00 %",
            "50 %",
            "cvr !",
        ] {
            assert!(table.contains(part), "{part} in {table}");
        }
        assert!(!table.contains("refund_share"), "{table}");
    }
}

//! Experiments: what is refused, what arms make of scenes, and what may change while they run.

use super::super::{Config, Live, Weighed};
use super::{as_toml, parse};
use crate::objective::Objective;

/// Each faulty line ends in `#!`, the path of the fault and a part of the message.
const REFUSED: &str = r#"
[scene.feed]
limit = 20
[[scene.feed.rules]]
name = "deal"
rule = "pin"
item = "x"
place = 20
[experiment.a]
layer = "ranking"
range = [0.0, 0.55555]              #! experiment.a.range: must be in steps of 0.0001
scenes = ["fed"]                    #! experiment.a.scenes: unknown scene; did you mean feed?
audience = "none"                   #! experiment.a.audience: unknown audience; there is none
primary = "gmv_per_usr"             #! experiment.a.primary: unknown metric; did you mean gmv_per_user?
guards = ["ctr", "refunds"]         #! experiment.a.guards: unknown metric
find = 0                            #! experiment.a.find: must be a number from 0.001 to 1, not 0
control = "as-it"                   #! experiment.a.control: unknown arm; did you mean as-is?
colour = 1                          #! experiment.a.colour: unknown key
[experiment.a.arms]                 #! experiment.a.arms: have shares that must sum to 1, not 0.9
as-is = { share = 0.5 }
more = { share = 0.4 }
[experiment.b]
layer = "ranking"
range = [0.5, 0.2]                  #! experiment.b.range: must end after it begins
primary = "ctr"
find = 0.1
control = "as-is"
[experiment.b.arms]
as-is = { share = 0.5 }
[experiment.b.arms.more]
share = 0.5
[experiment.b.arms.more.set]
limt = 10                           #! experiment.b.arms.more.set.limt: unknown key; did you mean limit?
parent = "feed"                     #! experiment.b.arms.more.set.parent: cannot be set by an arm
timeout_ms = 0                      #! experiment.b.arms.more.set.timeout_ms: must be a whole number from 1
weights = { "race.grwth" = 1 }      #! experiment.b.arms.more.set.weights.race.grwth: did you mean race.growth?
[experiment.c]
layer = "x"
range = [0.0, 0.5]
primary = "ctr"
find = 0.1
control = "one"
[experiment.c.arms]                 #! experiment.c.arms: must be 2 to 8 arms, not 1
one = { share = 1.0 }
[experiment.d]
layer = "x"
range = [0.4, 0.6]                  #! experiment.d.range: overlaps that of experiment.c, [0, 0.5], of the same layer
primary = "ctr"
find = 0.1
control = "one"
arms = { one = { share = 0.5 }, two = { share = 0.5 } }
"#;

#[test]
fn every_refusal_has_its_place() {
    let faults = parse(REFUSED).unwrap_err().faults;
    let mut count = 0;
    for (line, text) in (1..).zip(REFUSED.lines()) {
        if let Some(right) = text.split("#!").nth(1) {
            let (path, message) = right.trim().split_once(": ").unwrap();
            let is = |it: &&super::super::ConfigFault| {
                it.line == line && it.path == path && it.message.contains(message)
            };
            assert!(
                faults.iter().any(|it| is(&it)),
                "{line} {right}: {faults:#?}"
            );
            count += 1;
        }
    }
    assert_eq!(faults.len(), count, "{faults:#?}");
}

fn experiment(name: &str, layer: &str, set: &str) -> String {
    format!(
        "[experiment.{name}]\nlayer = \"{layer}\"\nrange = [0.0, 0.5]\nprimary = \"ctr\"\nfind = 0.1\ncontrol = \"as-is\"\n\
         [experiment.{name}.arms]\nas-is = {{ share = 0.5 }}\nmore = {{ share = 0.5, set = {set} }}\n"
    )
}

fn fault(text: &str) -> (String, String) {
    let mut faults = parse(text).unwrap_err().faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    let fault = faults.remove(0);
    (fault.path, fault.message)
}

#[test]
fn layers_that_meet_set_different_keys() {
    let one = experiment("a", "one", "{ weights = { quality = 0.5 } }");
    let other = |layer: &str, set: &str| one.clone() + &experiment("b", layer, set);
    let (path, message) = fault(&other("two", "{ weights = { quality = 0.9 } }"));
    assert_eq!(path, "experiment.b.arms.more.set.weights");
    assert!(
        message.contains("experiment.a") && message.contains("scene default"),
        "{message}"
    );
    assert!(parse(&other("two", "{ weights = { freshness = 0.9 } }")).is_ok());
    // One layer: they exclude each other, but their ranges overlap here.
    assert_eq!(
        fault(&other("one", "{ weights = { quality = 0.9 } }")).0,
        "experiment.b.range"
    );
}

#[test]
fn arms_that_break_a_scene_are_faults() {
    let (path, message) = fault(&format!(
        "[scene.default]\nweights = {{ quality = 1 }}\n{}",
        experiment("a", "one", "{ weights = { quality = 0 } }")
    ));
    assert_eq!(path, "experiment.a.arms.more.set.weights");
    assert!(message.contains("no weight other than 0"), "{message}");
    let pinned = "[[scene.default.rules]]\nname = \"p\"\nrule = \"pin\"\nitem = \"x\"\nplace = 9\n";
    let (path, message) = fault(&format!(
        "{pinned}{}",
        experiment("a", "one", "{ limit = 5 }")
    ));
    assert_eq!(path, "experiment.a.arms.more.set.limit");
    assert!(message.contains("place 9"), "{message}");
    let layers = (0..9).map(|n| experiment(&format!("e{n}"), &format!("l{n}"), "{}"));
    let (path, message) = fault(&layers.collect::<String>());
    assert_eq!(path, "experiment.e8.layer");
    assert!(message.contains("there may be 8"), "{message}");
    let names = [
        "quality",
        "freshness",
        "long_term_value",
        "affinity.tags",
        "race.level",
        "race.growth",
        "item.trend",
        "item.level",
    ];
    let many = names.iter().enumerate().map(|(n, name)| {
        let set = format!("{{ weights = {{ \"{name}\" = 0.5 }} }}");
        experiment(&format!("e{n}"), &format!("l{n}"), &set)
    });
    let text: String = many.collect();
    assert_eq!(
        parse(&text).unwrap().trials["default"].scenes().count(),
        256
    );
    let more = text
        + &experiment("more", "l0", "{ weights = { quality = 0.25 } }")
            .replace("[0.0, 0.5]", "[0.5, 1.0]");
    let (path, message) = fault(&more);
    assert!(
        path.starts_with("experiment.") && message.contains("384 combinations"),
        "{path} {message}"
    );
}

#[test]
fn arms_are_laid_over_resolved_scenes() {
    let text = "[scene.default]\nlimit = 10\nweights = { quality = 1, freshness = 0.5 }\n[scene.feed]\nweights = { freshness = 0.25 }\n\
                [scene.old]\nretired = true\n"
        .to_owned()
        + &experiment("a", "one", "{ limit = 7, weights = { quality = 0.5 } }")
        + &experiment("b", "two", "{ weights = { \"race.growth\" = 0.25 } }");
    let config = parse(&text).unwrap();
    assert!(!config.trials.contains_key("old"));
    let trials = &config.trials["feed"];
    assert_eq!(trials.scenes().count(), 4);
    let under = |arms: &[(usize, usize)]| {
        let scene = trials.under(arms.iter().copied()).unwrap();
        let weight = |objective: Objective| {
            let mut weights = scene.weights.iter();
            weights.find_map(|(it, weight)| (*it == Weighed::Own(objective)).then_some(*weight))
        };
        let all = [
            Objective::Quality,
            Objective::Freshness,
            Objective::RaceGrowth,
        ];
        (scene.limit, all.map(weight))
    };
    let plain = (10, [Some(1.0), Some(0.25), None]);
    assert_eq!(under(&[]), plain);
    assert_eq!(under(&[(0, 0), (1, 0)]), plain);
    assert_eq!(under(&[(0, 1)]), (7, [Some(0.5), Some(0.25), None]));
    let both = (7, [Some(0.5), Some(0.25), Some(0.25)]);
    assert_eq!(under(&[(0, 1), (1, 1)]), both);
    assert_eq!(under(&[(1, 1), (0, 1)]), both);
    let again = parse(&as_toml(&config)).unwrap();
    assert_eq!(again.effective(), config.effective());
}

#[test]
fn a_running_experiment_may_only_grow() {
    let base = "[experiments]\nholdout = { share = 0.02, salt = \"x\" }\n".to_owned()
        + &experiment("a", "one", "{ limit = 7 }");
    let live = Live::new(parse(&base).unwrap());
    let refused = |from: &str, to: &str| -> Vec<String> {
        let next: Config = parse(&base.replace(from, to)).unwrap();
        let faults = live.replace(next).unwrap_err();
        faults.into_iter().map(|fault| fault.path).collect()
    };
    assert_eq!(refused("[0.0, 0.5]", "[0.0, 0.4]"), ["experiment.a.range"]);
    assert_eq!(refused("limit = 7", "limit = 8"), ["experiment.a.arms"]);
    assert_eq!(refused("\"ctr\"", "\"cvr\""), ["experiment.a.primary"]);
    assert_eq!(refused("find = 0.1", "find = 0.2"), ["experiment.a.find"]);
    assert_eq!(
        refused("salt = \"x\"", "salt = \"y\""),
        ["experiments.holdout"]
    );
    // With a key that needs a restart too, all faults come at once.
    let salted = "[experiments]\nholdout = { share = 0.02, salt = \"x\"";
    let restarting = "[race]\nutc_offset = \"+08:00\"\n".to_owned() + &salted.replace("\"x", "\"y");
    assert_eq!(
        refused(salted, &restarting),
        ["race.utc_offset", "experiments.holdout"]
    );
    let grown = base
        .replace("[0.0, 0.5]", "[0.0, 0.6]")
        .replace("find", "guards = [\"cvr\"]\nfind");
    assert_eq!(live.replace(parse(&grown).unwrap()), Ok(2));
    assert_eq!(live.replace(parse("").unwrap()), Ok(3));
    assert_eq!(
        live.replace(parse(&base.replace("limit = 7", "limit = 8")).unwrap()),
        Ok(4)
    );
}

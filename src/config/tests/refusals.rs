//! What the market refuses: each line at once, with its place and what would be right.

use super::parse;

/// Each faulty line ends in `#!`, the path of the fault and a part of the message.
const REFUSED: &str = r#"
[selection.regulars]
where = 'user.orders > 10'          #! selection.regulars.where: a selection is a set of items and cannot read the user; an audience does
[audience.fresh]
where = '!user.known && item.price < 5.0' #! audience.fresh.where: an audience is a set of users and cannot read items; a selection does
[scene.feed]
limit = 20
[[scene.feed.rules]]
name = "shops"
rule = "cap"
by = "merchant"
max = 0                             #! scene.feed.rules[0].max: must be a whole number from 1 to 1000000, not 0
window = 0                          #! scene.feed.rules[0].window: must be a whole number from 1 to 1000000, not 0
[[scene.feed.rules]]
name = "deal"
rule = "slot"
places = [3, 9]
items = ["x"]
score = true
from = 2026-11-10T00:00:00Z
until = 2026-11-12T00:00:00Z
[[scene.feed.rules]]
name = "later deal"
rule = "slot"
places = [9]                        #! scene.feed.rules[2].places: place 9 is kept by "deal" too, at the same time
items = ["x"]
score = true
from = 2026-11-11T00:00:00Z
[[scene.feed.rules]]
name = "none"
rule = "slot"
places = [0]                        #! scene.feed.rules[3].places: must be a whole number from 1 to 1000000, not 0
items = []                          #! scene.feed.rules[3].items: must not be empty
score = true
[[scene.feed.rules]]
name = "tired"
rule = "seen"
after = 0                           #! scene.feed.rules[4].after: must be a whole number from 1 to 16, not 0
days = 1
then = "hide"
[[scene.feed.rules]]
name = "day"
rule = "boost"
select = "regulars"
factor = 3.5                        #! scene.feed.rules[5].factor: must be a number from 0.2 to 3, not 3.5
[support]
scenes = ["feed"]
places = [1]                        #! support.places: from 2 to 1000000, not 1; place 1 goes to the best of the page
quotas = [200, 200]                 #! support.quotas: must ascend, each element above the one before
[tail]
scenes = { feed = 1.0, default = 0 } #! tail.scenes.feed: must be a share between 0 and 1, such as 0.1, not 1.0 #! tail.scenes.default: must be a share between 0 and 1, such as 0.1, not 0
[campaign.backwards]
scenes = ["feed"]
boost = 0.9                         #! campaign.backwards.boost: must be a number from 1 to 3, not 0.9
from = 2026-11-11T00:00:00Z
until = 2026-11-10T00:00:00Z        #! campaign.backwards.until: must be after from, 2026-11-11T00:00:00Z, not 2026-11-10T00:00:00Z
[campaign.undated]
scenes = ["fed"]                    #! campaign.undated.scenes: unknown scene; did you mean feed?
boost = 1.2
budget = 1000                       #! campaign.undated.budget: needs from and until, over which it is spread
"#;

#[test]
fn every_refusal_names_its_place_and_what_is_right() {
    let faults = parse(REFUSED).unwrap_err().faults;
    let shown = |line: usize| {
        let at = faults.iter().filter(move |fault| fault.line == line);
        at.map(|fault| format!("{}: {}", fault.path, fault.message))
    };
    let mut count = 0;
    for (line, text) in (1..).zip(REFUSED.lines()) {
        for right in text.split("#!").skip(1).map(str::trim) {
            let (path, message) = right.split_once(": ").unwrap();
            let is = |fault: String| fault.starts_with(path) && fault.contains(message);
            let all: Vec<String> = shown(line).collect();
            assert!(all.iter().cloned().any(is), "{line}: {right}\n{all:?}");
            count += 1;
        }
    }
    assert_eq!(count, faults.len(), "{faults:#?}");
}

#[test]
fn an_audience_that_nothing_uses_is_a_warning() {
    let config = parse("[audience.fresh]\nwhere = '!user.known'").unwrap();
    let [warning] = config.warnings.as_slice() else {
        panic!("{:?}", config.warnings);
    };
    assert_eq!((warning.path.as_str(), warning.line), ("audience.fresh", 1));
    assert_eq!(warning.message, "nothing uses this audience");
}

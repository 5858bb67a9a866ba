//! Writes a [`Decision`] as the view [`Ranking`](crate::model::view::Ranking).
//!
//! The writer is specialised, because a general serializer takes three times as long: keys are fixed, numbers have a fixed form, and
//! most ids need no escaping. A test compares it with the view.

use std::cell::RefCell;

use crate::clock::Time;
use crate::json::{list, member, object, string, whole};
use crate::model::{
    Contender, Decision, Dropped, Explanation, FactorPart, GivenBack, Move, Part, Placed, SlotRace,
};

use super::number;
use crate::number::wide;

/// Bytes reserved for each position without an explanation.
const POSITION: usize = 56;

/// Returns a ranking as JSON.
#[must_use]
pub(super) fn write(ranking: &Decision<'_>, request_id: &str) -> Vec<u8> {
    let positions = ranking.placed.len() + ranking.unknown.len();
    let mut out = Vec::with_capacity(256 + POSITION * positions);
    member(&mut out, "{\"request_id\":", request_id);
    member(&mut out, ",\"scene\":", &ranking.scene);
    if let Some(asked) = &ranking.scene_asked {
        member(&mut out, ",\"scene_asked\":", asked);
    }
    whole(&mut out, ",\"generation\":", ranking.generation);
    whole(&mut out, ",\"standings\":", ranking.standings);
    whole(&mut out, ",\"market\":", ranking.market);
    as_of(&mut out, ranking.as_of);
    arms(&mut out, ranking);
    list(&mut out, ",\"items\":", &ranking.placed, |out, each| {
        placed(out, each, ranking.arranged);
    });
    list(&mut out, ",\"unknown\":", &ranking.unknown, |out, id| {
        string(out, id)
    });
    if ranking.explained {
        list(&mut out, ",\"dropped\":", &ranking.dropped, dropped);
        if ranking.arranged {
            list(&mut out, ",\"slots\":", &ranking.slots, slot);
            if !ranking.given_back.is_empty() {
                list(
                    &mut out,
                    ",\"given_back\":",
                    &ranking.given_back,
                    given_back,
                );
            }
        }
    }
    if !ranking.degraded.is_empty() {
        let degraded = &ranking.degraded;
        list(&mut out, ",\"degraded\":", degraded, |out, name| {
            string(out, name);
        });
    }
    out.push(b'}');
    out
}

/// Writes the arms of experiments, unless there are none.
fn arms(out: &mut Vec<u8>, ranking: &Decision<'_>) {
    if !ranking.arms.is_empty() {
        let arms = ranking.arms.iter().map(|it| (&it.experiment, &it.arm));
        object(out, ",\"arms\":", arms, |out, arm| string(out, arm));
    }
    if ranking.forced {
        out.extend_from_slice(b",\"forced\":true");
    }
}

thread_local! {
    /// The last `as_of` and its text. It rarely changes, and formatting it takes as long as writing ten positions.
    static AS_OF: RefCell<(Time, String)> = RefCell::new((Time::default(), Time::default().to_string()));
}

fn as_of(out: &mut Vec<u8>, at: Time) {
    AS_OF.with_borrow_mut(|(last, text)| {
        if *last != at {
            (*last, *text) = (at, at.to_string());
        }
        member(out, ",\"as_of\":", text);
    });
}

fn placed(out: &mut Vec<u8>, placed: &Placed<'_>, arranged: bool) {
    member(out, "{\"id\":", placed.id);
    figure(out, ",\"score\":", f64::from(placed.score));
    if let Some(explanation) = &placed.explain {
        out.extend_from_slice(b",\"explain\":");
        explained(out, explanation, placed.score);
        if arranged {
            list(out, ",\"moves\":", &explanation.moves, moved);
        }
        out.push(b'}');
    }
    out.push(b'}');
}

/// Writes the parts of a score, without the closing brace.
fn explained(out: &mut Vec<u8>, explanation: &Explanation, score: f32) {
    list(out, "{\"objectives\":", &explanation.objectives, part);
    figure(out, ",\"base\":", f64::from(explanation.base));
    list(out, ",\"factors\":", &explanation.factors, factor);
    figure(out, ",\"score\":", f64::from(score));
    if let Some(features) = &explanation.features {
        list_features(out, features);
    }
}

/// Writes features with all their digits, so that a model is trained on the numbers that it will read.
fn list_features(out: &mut Vec<u8>, features: &[(String, f64)]) {
    let mut before = ",\"features\":{";
    for (name, x) in features {
        member(out, before, name);
        out.extend_from_slice(format!(":{x:?}").as_bytes());
        before = ",";
    }
    out.push(b'}');
}

fn moved(out: &mut Vec<u8>, moved: &Move) {
    member(out, "{\"rule\":", &moved.rule);
    whole(out, ",\"from\":", wide(moved.from));
    whole(out, ",\"to\":", wide(moved.to));
    if let Some(reason) = &moved.reason {
        member(out, ",\"reason\":", reason);
    }
    out.push(b'}');
}

fn slot(out: &mut Vec<u8>, slot: &SlotRace<'_>) {
    member(out, "{\"name\":", &slot.name);
    whole(out, ",\"place\":", wide(slot.place));
    contender(out, "winner", Some(&slot.winner));
    contender(out, "runner_up", slot.runner_up.as_ref());
    out.push(b'}');
}

fn given_back(out: &mut Vec<u8>, back: &GivenBack) {
    member(out, "{\"rule\":", &back.rule);
    whole(out, ",\"place\":", wide(back.place));
    member(out, ",\"reason\":", &back.reason);
    out.push(b'}');
}

fn contender(out: &mut Vec<u8>, role: &str, contender: Option<&Contender<'_>>) {
    let key = format!(",\"{role}\":");
    match contender {
        Some(contender) => member(out, &key, contender.id),
        None => out.extend_from_slice(format!("{key}null").as_bytes()),
    }
    let score = contender.map_or(f64::NAN, |contender| f64::from(contender.score));
    figure(out, &format!(",\"{role}_score\":"), score);
}

fn part(out: &mut Vec<u8>, part: &Part) {
    member(out, "{\"name\":", &part.name);
    figure(out, ",\"raw\":", part.raw.unwrap_or(f64::NAN));
    figure(out, ",\"value\":", f64::from(part.value));
    figure(out, ",\"weight\":", f64::from(part.weight));
    figure(out, ",\"contribution\":", f64::from(part.contribution));
    if part.raw.is_none() {
        out.extend_from_slice(b",\"missing\":true");
    }
    if part.clipped {
        out.extend_from_slice(b",\"clipped\":true");
    }
    if let Some(reason) = &part.reason {
        member(out, ",\"reason\":", reason);
    }
    out.push(b'}');
}

fn factor(out: &mut Vec<u8>, factor: &FactorPart) {
    member(out, "{\"name\":", factor.name);
    figure(out, ",\"factor\":", f64::from(factor.factor));
    member(out, ",\"reason\":", &factor.reason);
    out.push(b'}');
}

fn dropped(out: &mut Vec<u8>, dropped: &Dropped<'_>) {
    member(out, "{\"id\":", dropped.id);
    let rule = dropped.rule.row().name;
    match dropped.by {
        Some(by) => member(out, ",\"rule\":", &format!("{rule}.{}", by.name())),
        None => member(out, ",\"rule\":", rule),
    }
    out.push(b'}');
}

fn figure(out: &mut Vec<u8>, key: &str, number: f64) {
    out.extend_from_slice(key.as_bytes());
    number::write(out, number);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::view::{Ranking, View, check};
    use crate::rule::{By, RULES, Rule};

    fn ranking() -> Decision<'static> {
        let explain = Explanation {
            objectives: vec![
                Part {
                    name: "quality".to_owned(),
                    raw: None,
                    value: 0.5,
                    weight: -0.25,
                    clipped: false,
                    contribution: 0.5,
                    reason: None,
                },
                Part {
                    name: "race.level".to_owned(),
                    raw: Some(1_234_567.5),
                    value: 1.0,
                    weight: 0.75,
                    clipped: true,
                    contribution: 0.75,
                    reason: Some("why".to_owned()),
                },
            ],
            base: 0.625,
            factors: vec![FactorPart {
                name: "integrity",
                factor: 0.5,
                reason: "integrity 0.5".to_owned(),
            }],
            moves: Vec::new(),
            features: None,
        };
        Decision {
            scene: "feed".to_owned(),
            scene_asked: None,
            generation: 7,
            standings: 412,
            market: 9,
            as_of: Time::parse("2026-11-20T10:00:00Z").unwrap(),
            asked: 5,
            scored: 3,
            missing: vec![3, 0],
            undecided: 0,
            given: Vec::new(),
            fired: [0; RULES],
            start: 0,
            price: None,
            slots: Vec::new(),
            given_back: Vec::new(),
            moves: Vec::new(),
            won: Vec::new(),
            arranged: false,
            degraded: Vec::new(),
            explained: true,
            arms: Vec::new(),
            forced: false,
            placed: vec![
                Placed {
                    id: "i \"2\"\n\\店",
                    score: 0.312_5,
                    explain: Some(explain),
                },
                Placed {
                    id: "i-1",
                    score: 0.441_002,
                    explain: None,
                },
            ],
            unknown: vec!["x"],
            dropped: vec![Dropped {
                id: "y",
                rule: Rule::Unavailable,
                by: None,
            }],
        }
    }

    fn arm((experiment, arm): (&str, &str)) -> crate::model::ArmOf {
        crate::model::ArmOf {
            experiment: experiment.into(),
            arm: arm.into(),
        }
    }

    fn contender(id: &str, score: f32) -> Contender<'_> {
        Contender {
            id,
            score,
            merchant: None,
        }
    }

    #[test]
    fn an_arranged_ranking_is_written_as_its_view() {
        let mut arranged = ranking();
        let race = SlotRace {
            name: "deal".into(),
            place: 3,
            winner: contender("a", 0.75),
            runner_up: Some(contender("b", 0.5)),
        };
        let alone = SlotRace {
            runner_up: None,
            ..race.clone()
        };
        arranged.slots = vec![race, alone];
        arranged.given_back = vec![GivenBack {
            rule: "support".to_owned(),
            place: 5,
            reason: "none".to_owned(),
        }];
        arranged.arranged = true;
        arranged.degraded = vec!["pages"];
        arranged.arms = [("growth \"up\"", "more"), ("tail", "as-is")]
            .map(arm)
            .to_vec();
        arranged.forced = true;
        arranged.dropped[0].by = Some(By::Merchant);
        arranged.dropped[0].rule = Rule::Cap;
        let explanation = arranged.placed[0].explain.as_mut().unwrap();
        explanation.moves = vec![Move {
            rule: "slot.deal".to_owned(),
            from: 7,
            to: 3,
            reason: Some("why".to_owned()),
        }];
        let features = [
            ("hour", 15.0),
            ("affinity.item.raw", 0.1 + 0.2),
            ("order_value.raw", 1e-300),
        ];
        let features = features.map(|(name, x)| (name.to_owned(), x));
        explanation.features = Some(features.to_vec());
        let text = String::from_utf8(write(&arranged, "r")).unwrap();
        for part in [
            r#","arms":{"growth \"up\"":"more","tail":"as-is"},"forced":true,"items":"#,
            r#""score":0.312500,"features":{"hour":15.0,"affinity.item.raw":0.30000000000000004,"order_value.raw":1e-300},"moves":[{"rule":"slot.deal","from":7,"to":3,"reason":"why"}]}}"#,
            r#""dropped":[{"id":"y","rule":"cap.merchant"}],"slots":[{"name":"deal","place":3,"winner":"a","winner_score":0.750000,"runner_up":"b","runner_up_score":0.500000},"#,
            r#""runner_up":null,"runner_up_score":null}],"given_back":[{"rule":"support","place":5,"reason":"none"}],"degraded":["pages"]}"#,
        ] {
            assert!(text.contains(part), "{text}");
        }
        check::assert_is(Ranking::VIEW, &serde_json::from_str(&text).unwrap());
    }

    #[test]
    fn a_ranking_is_written_as_its_view() {
        let text = String::from_utf8(write(&ranking(), "r-1")).unwrap();
        let expected = r#"{"request_id":"r-1","scene":"feed","generation":7,"standings":412,"market":9,"as_of":"2026-11-20T10:00:00Z","items":[{"id":"i \"2\"\n\\店","score":0.312500,"explain":{"objectives":[{"name":"quality","raw":null,"value":0.500000,"weight":-0.250000,"contribution":0.500000,"missing":true},{"name":"race.level","raw":1234567.500000,"value":1.000000,"weight":0.750000,"contribution":0.750000,"clipped":true,"reason":"why"}],"base":0.625000,"factors":[{"name":"integrity","factor":0.500000,"reason":"integrity 0.5"}],"score":0.312500}},{"id":"i-1","score":0.441002}],"unknown":["x"],"dropped":[{"id":"y","rule":"unavailable"}]}"#;
        assert_eq!(text, expected);
        check::assert_is(Ranking::VIEW, &serde_json::from_str(&text).unwrap());
    }

    #[test]
    fn a_plain_ranking_has_no_dropped_candidates() {
        let bare = Decision {
            placed: Vec::new(),
            unknown: Vec::new(),
            explained: false,
            scene_asked: Some("gone".to_owned()),
            ..ranking()
        };
        let text = String::from_utf8(write(&bare, "r")).unwrap();
        assert!(
            text.contains(r#""scene":"feed","scene_asked":"gone","#),
            "{text}"
        );
        assert!(text.ends_with(r#""items":[],"unknown":[]}"#), "{text}");
        check::assert_is(Ranking::VIEW, &serde_json::from_str(&text).unwrap());
    }
}

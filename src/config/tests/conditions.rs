//! Selections, audiences, and the weights of audiences.

use super::super::{
    Config, ITEM_FIELDS, ItemField, Live, SelectionId, USER_FIELDS, UserField, Weighed,
};
use super::{assert_valid, parse};
use crate::objective::Objective;

const TEXT: &str = r#"
[selection.snacks]
where = 'item.category == "snack" && item.price < 50.0'
[selection.rising]
where = 'merchant.growth > 0.9'
[audience.fresh]
where = '!user.known || user.orders == 0'
[audience.evening]
where = 'request.hour >= 18'
[audience.idle]
where = 'user.days_since_purchase > 60'
[scene.feed.weights_for.fresh]
quality = 2
race.level = 0
[scene.feed.weights_for.evening]
race.level = 0.5
[scene.shop]
parent = "feed"
weights_for = { evening = { quality = 0 }, idle = { order_value = 1 } }
"#;

#[test]
fn selections_and_audiences_are_sorted_by_name() {
    let config = parse(TEXT).unwrap();
    let names: Vec<_> = config.selections.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["rising", "snacks"]);
    let names: Vec<_> = config.audiences.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["evening", "fresh", "idle"]);
    assert!(config.selections[0].follows_standings());
    let snacks = &config.selections[SelectionId(1).index()];
    assert!(!snacks.follows_standings() && !snacks.reads_merchants());
    assert_valid(&config);
}

#[test]
fn weights_for_audiences_keep_the_written_order() {
    let config = parse(TEXT).unwrap();
    let order = |scene: &str| -> Vec<&str> {
        let over = config.scenes[scene].weights_for.iter();
        over.map(|(id, _)| &*config.audiences[id.index()].name)
            .collect()
    };
    assert_eq!(order("feed"), ["fresh", "evening"]);
    assert_eq!(order("shop"), ["fresh", "evening", "idle"]);
    let shop = &config.scenes["shop"];
    let own = |objective| Weighed::Own(objective);
    let evening = [
        (own(Objective::RaceLevel), 0.5),
        (own(Objective::Quality), 0.0),
    ];
    assert_eq!(shop.weights_for[1].1, evening);
    assert!(shop.weighed.contains(&own(Objective::Quality)));
    assert!(
        !shop
            .weights
            .iter()
            .any(|(weighed, _)| *weighed == own(Objective::Quality))
    );
    assert!(config.scenes["default"].weights_for.is_empty());
}

#[test]
fn the_order_of_audiences_makes_a_new_generation() {
    let weights = |first: &str, second: &str| {
        parse(&format!(
            "audience.a.where = 'true'\naudience.b.where = 'true'
             [scene.default.weights_for]\n{first} = {{ quality = 1 }}\n{second} = {{ quality = 2 }}"
        ))
        .unwrap()
    };
    let live = Live::new(weights("a", "b"));
    assert_eq!(live.replace(weights("a", "b")), Ok(1));
    assert_eq!(live.replace(weights("b", "a")), Ok(2));
}

#[test]
fn equal_selections_are_shared_by_generations() {
    let live = Live::new(parse(TEXT).unwrap());
    let more = format!("{TEXT}[scene.more]\nlimit = 3");
    assert_eq!(live.replace(parse(&more).unwrap()), Ok(2));
    let kept = live.load();
    let other = TEXT.replace("50.0", "60.0");
    assert_eq!(
        live.replace(parse(&format!("{other}[scene.more]\nlimit = 3")).unwrap()),
        Ok(3)
    );
    assert!(!std::sync::Arc::ptr_eq(
        &kept.config.selections,
        &live.load().config.selections
    ));
}

#[test]
fn an_unused_audience_is_a_warning() {
    let config = parse("\n[audience.vip]\nwhere = 'user.orders > 9'").unwrap();
    let [warning] = config.warnings.as_slice() else {
        panic!("{:?}", config.warnings);
    };
    assert_eq!((warning.line, warning.path.as_str()), (2, "audience.vip"));
    assert!(
        warning.message.contains("nothing uses"),
        "{}",
        warning.message
    );
    assert!(parse(TEXT).unwrap().warnings.is_empty());
}

#[test]
fn weights_of_zero_alone_are_rejected() {
    let text = "audience.a.where = 'true'\nscene.default.weights = { quality = 1 }
                scene.default.weights_for.a = { quality = 0 }";
    let faults = parse(text).unwrap_err();
    assert_eq!(faults.faults[0].path, "scene.default.weights_for.a");
    assert!(
        faults
            .to_string()
            .contains("at least one weight must not be 0")
    );
}

/// The guide lists every field, with its type and meaning.
#[test]
fn the_guide_lists_every_field() {
    let guide = include_str!("../../docs/market.md");
    for field in ITEM_FIELDS.fields.iter().chain(USER_FIELDS.fields) {
        let kind = field.kind.name();
        let row = format!("| `{}` | {kind} | {} |", field.name, field.doc);
        assert!(guide.contains(&row), "{row}");
    }
}

/// The numbers by which conditions read their fields.
#[test]
fn fields_have_the_numbers_of_their_table() {
    let number = |name: &str| {
        ITEM_FIELDS
            .fields
            .iter()
            .position(|field| field.name == name)
    };
    assert_eq!(number("item.price"), Some(ItemField::Price as usize));
    assert_eq!(number("merchant.stage"), Some(ItemField::Stage as usize));
    assert_eq!(
        ItemField::at(number("merchant.goal").unwrap()),
        Some(ItemField::Goal)
    );
    let number = |name: &str| {
        USER_FIELDS
            .fields
            .iter()
            .position(|field| field.name == name)
    };
    assert_eq!(number("request.weekday"), Some(UserField::Weekday as usize));
    assert!(ITEM_FIELDS.fields.len() <= 64 && USER_FIELDS.fields.len() <= 64);
    assert!(Config::embedded().selections.is_empty());
}

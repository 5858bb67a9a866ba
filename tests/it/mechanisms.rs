//! What a marketplace does, mechanism by mechanism, each over HTTP on a small market: its effect with the mechanism on, and none without.
//!
//! The names of the tests are the numbers of the list of mechanisms: M3, M6, M10, M11, M13, M14, M17, M18, M21.

use serde_json::{Value, json};

use crate::service::{Service, ids};

/// Ranks by quality alone, and looks for due targets ten times a second.
const PLAIN: &str = "\n[scene.default]\nweights = { quality = 1 }\n[market]\ninterval_seconds = 0.1\n[scene.feed]\nlimit = 20\n";
/// A noon, in UTC.
const NOON: i64 = 1_744_286_400_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn market(config: &str) -> Service {
    Service::with_config(&format!("{config}{PLAIN}"))
}

fn item(id: &str, merchant: &str, quality: f64) -> Value {
    json!({"id": id, "merchant_id": merchant, "quality": quality})
}

/// Returns `count` items of as many merchants, from quality 0.9 downwards.
fn usual(count: u32) -> Vec<Value> {
    let one = |n: u32| {
        item(
            &format!("i{n}"),
            &format!("m{n}"),
            0.9 - 0.01 * f64::from(n),
        )
    };
    (0..count).map(one).collect()
}

/// Sends impressions in the scene `feed` of one item to different users.
fn show(service: &Service, item: &str, count: u32, at: i64) {
    let one = |n: u32| json!({"user_id": format!("w{n}"), "item_id": item, "kind": "impression", "scene": "feed", "at": at});
    service.events(&(0..count).map(one).collect::<Vec<_>>());
}

fn explained(service: &Service, user: &str, items: &[Value]) -> Value {
    let candidates: Vec<&Value> = items.iter().map(|item| &item["id"]).collect();
    service
        .rank(&json!({"user_id": user, "candidates": candidates, "scene": "feed", "explain": true}))
}

fn page(service: &Service, user: &str, items: &[Value]) -> Vec<String> {
    ids(&explained(service, user, items))
}

/// Returns a factor of an item on a page, 1 if it has none.
fn factor(page: &Value, item: &str, name: &str) -> f64 {
    let all = page["items"].as_array().unwrap();
    let found = all.iter().find(|it| it["id"] == item).unwrap();
    let factors = found["explain"]["factors"].as_array().unwrap();
    let named = factors.iter().find(|factor| factor["name"] == name);
    named.map_or(1.0, |factor| factor["factor"].as_f64().unwrap())
}

fn near(found: f64, right: f64) {
    assert!((found - right).abs() < 1e-5, "{found}, not {right}");
}

/// Sends sales of 30 small shops in one category and of 30 large ones in another, each with one item and one creator.
fn two_lanes(config: &str) -> Service {
    let service = market(config);
    let shops = (0..60).map(|n| (n, ["small", "large"][n / 30], 1 + n % 30));
    let (mut merchants, mut items, mut sales) = (Vec::new(), Vec::new(), Vec::new());
    for (n, lane, orders) in shops {
        let since = NOON - 80 * DAY;
        merchants.push(json!({"id": format!("m{n}"), "category": lane, "joined_at": since}));
        items.push(json!({"id": format!("i{n}"), "merchant_id": format!("m{n}"), "category": lane, "creator_id": format!("c{n}"), "listed_at": since}));
        sales.extend((0..orders).map(|order| {
            let day = i64::try_from(order).unwrap() % 14 + 2;
            let amount = if n < 30 { 1 } else { 100 };
            json!({"user_id": format!("u{n}-{order}"), "item_id": format!("i{n}"), "kind": "purchase", "at": NOON - day * DAY, "amount": amount})
        }));
    }
    service.merchants(&merchants);
    service.items(&items);
    service.events(&sales);
    show(&service, "i0", 1, NOON);
    service.rebuild();
    service
}

fn level(service: &Service, path: &str) -> f64 {
    service.get(path).ok()["learnt"]["level"].as_f64().unwrap()
}

#[test]
fn m3_everything_races_and_lanes_keep_like_with_like() {
    let laned = two_lanes("[race]\nlane = [\"category\"]\n");
    for kind in ["merchant", "item", "creator"] {
        let board = laned.get(&format!("/race?kind={kind}&limit=100")).ok();
        assert_eq!(board["size"], 60, "{kind}");
        let first = board["runners"][0]["weekly_gmv"].as_f64().unwrap();
        assert!(first > 0.0, "{kind}");
    }
    // The best of the small shops, and the one in the middle of the large ones.
    let [small, large] = ["/merchants/m29", "/merchants/m44"].map(|path| level(&laned, path));
    assert!(
        small > 0.95 && (large - 0.5).abs() < 0.05,
        "{small} {large}"
    );
    let all = two_lanes("[race]\nlane = []\n");
    let [small, large] = ["/merchants/m29", "/merchants/m44"].map(|path| level(&all, path));
    assert!(small < 0.6 && large > 0.7, "without lanes: {small} {large}");
}

#[test]
fn m6_campaigns_lift_the_enrolled_within_dates_and_a_cap() {
    let dated = "scenes = [\"feed\"]\nboost = 1.4\nfrom = 2025-04-10T00:00:00Z\nuntil = 2025-04-11T00:00:00Z\n";
    let both = format!("[campaign.a]\n{dated}[campaign.b]\n{dated}");
    let mut items = usual(5);
    items[3]["campaigns"] = json!(["a"]);
    items[4]["campaigns"] = json!(["a", "b"]);
    let on = market(&both);
    on.items(&items);
    show(&on, "i0", 120, NOON);
    on.wait("the campaigns are live", |it| {
        factor(&explained(it, "u", &items), "i3", "campaign") > 1.0
    });
    let page = explained(&on, "u", &items);
    near(factor(&page, "i3", "campaign"), 1.4);
    near(factor(&page, "i4", "campaign"), 1.5);
    assert_eq!(
        ids(&page),
        ["i0", "i4", "i3", "i1", "i2"],
        "lifted, but never first"
    );
    show(&on, "i0", 120, NOON + DAY);
    on.wait("the campaigns are over", |it| {
        ids(&explained(it, "u", &items)) == ["i0", "i1", "i2", "i3", "i4"]
    });
    let off = market("");
    off.items(&items);
    show(&off, "i0", 120, NOON);
    assert_eq!(
        ids(&explained(&off, "u", &items)),
        ["i0", "i1", "i2", "i3", "i4"]
    );
}

/// Returns the pages of a user whom nobody knows, and of one who viewed something.
fn two_pages(config: &str, items: &[Value]) -> [Vec<String>; 2] {
    let service = market(config);
    service.items(items);
    service.events(&[
        json!({"user_id": "known", "item_id": items[0]["id"], "kind": "view", "at": NOON}),
    ]);
    ["stranger", "known"].map(|user| page(&service, user, items))
}

const FRESH: &str = "[audience.fresh]\nwhere = '!user.known'\n";

#[test]
fn m10_audiences_have_weights_of_their_own() {
    let mut items = usual(3);
    items[2]["long_term_value"] = json!(1.0);
    let own = format!("{FRESH}[scene.feed.weights_for.fresh]\nlong_term_value = 3\n");
    let [stranger, known] = two_pages(&own, &items);
    assert_eq!((stranger[0].as_str(), known[0].as_str()), ("i2", "i0"));
    let [stranger, known] = two_pages(FRESH, &items);
    assert_eq!(stranger, known, "without weights of the audience");
}

#[test]
fn m11_the_shop_front_differs_per_audience() {
    let mut pages = usual(2);
    for page in &mut pages {
        page["kind"] = "page".into();
    }
    pages[0]["tags"] = json!(["regulars"]);
    let rule = "[selection.regulars]\nwhere = 'item.kind == \"page\" && has(item.tags.regulars)'\n\
                [[scene.feed.rules]]\nname = \"r\"\nrule = \"hide\"\nselect = \"regulars\"\naudience = \"fresh\"\n";
    let [stranger, known] = two_pages(&format!("{FRESH}{rule}"), &pages);
    assert_eq!((stranger[0].as_str(), known[0].as_str()), ("i1", "i0"));
    let [stranger, known] = two_pages("", &pages);
    assert_eq!(stranger, known, "without the rule");
}

/// Starts a market with a newcomer whose item belongs far down the page.
fn with_newcomer(config: &str, items: &[Value]) -> Service {
    let service = market(config);
    service.items(items);
    service.merchants(&[json!({"id": "new", "joined_at": NOON - DAY})]);
    show(&service, "i0", 120, NOON);
    service
}

#[test]
fn m13_newcomers_are_paced_up_the_ladder_and_leave_it() {
    let mut items = usual(19);
    items.push(item("fresh", "new", 0.6));
    items[19]["creator_id"] = "maker".into();
    items[19]["listed_at"] = (NOON - DAY).into();
    let place = |service: &Service| {
        page(service, "u", &items)
            .iter()
            .position(|id| id == "fresh")
            .unwrap()
            + 1
    };
    for kind in ["merchant", "item", "creator"] {
        let config =
            format!("[support]\nscenes = [\"feed\"]\nplaces = [5]\nkinds = [\"{kind}\"]\n");
        let service = with_newcomer(&config, &items);
        service.wait("the newcomer is supported", |it| place(it) == 5);
        let shown = explained(&service, "u", &items);
        let supported = &shown["items"][4];
        assert_eq!(
            supported["explain"]["moves"][0]["rule"], "support",
            "{supported}"
        );
        let path = match kind {
            "merchant" => "/merchants/new",
            "item" => "/items/fresh",
            _ => "/creators/maker",
        };
        service.rebuild();
        let ladder = service.get(path).ok()["learnt"]["ladder"].clone();
        assert_eq!(
            (&ladder["stage"], &ladder["quota"]),
            (&json!(1), &json!(200)),
            "{kind}"
        );
        // On plan it waits.
        show(&service, "fresh", 60, NOON);
        service.wait("the newcomer is on plan", |it| place(it) == 20);
        show(&service, "i0", 120, NOON + 31 * DAY);
        let ended = |it: &Service| it.get(path).ok()["learnt"]["ladder"]["end"] == "time";
        service.wait("its days are over", ended);
        assert_eq!(place(&service), 20);
    }
    let off = with_newcomer("", &items);
    assert_eq!(place(&off), 20, "without the ladder");
}

#[test]
fn m14_goals_say_for_whom_a_merchant_is_lifted() {
    let items = usual(3);
    let goals = "[selection.acquire]\nwhere = 'merchant.goal == \"acquisition\"'\n\
                 [[scene.feed.rules]]\nname = \"new customers\"\nrule = \"boost\"\nselect = \"acquire\"\nfactor = 1.3\naudience = \"fresh\"\n";
    let pages = |config: &str| {
        let service = market(config);
        service.items(&items);
        service.merchants(&[json!({"id": "m2", "goal": "acquisition"})]);
        service.events(&[json!({"user_id": "known", "item_id": "i0", "kind": "view", "at": NOON})]);
        let shown = |user: &str| page(&service, user, &items);
        service.wait("the selection follows the goal", |_| {
            config.is_empty() || shown("stranger")[1] == "i2"
        });
        ["stranger", "known"].map(shown)
    };
    let [stranger, known] = pages(&format!("{FRESH}{goals}"));
    assert_eq!((stranger[1].as_str(), known[1].as_str()), ("i2", "i1"));
    let [stranger, known] = pages("");
    assert_eq!(stranger, known, "without goals");
}

#[test]
fn m17_the_tail_gets_its_share() {
    let mut items = usual(4);
    items.push(item("small", "tail", 0.7));
    let market = |config: &str| {
        let service = market(config);
        service.items(&items);
        let sale = |n: u32, order: u32| {
            json!({"user_id": format!("b{n}-{order}"), "item_id": format!("i{n}"), "kind": "purchase",
                                               "at": NOON - i64::from(order % 20 + 2) * DAY, "amount": 10})
        };
        let sales = (0..4).flat_map(|n| (0..(4 - n) * 10).map(move |order| sale(n, order)));
        service.events(&sales.collect::<Vec<_>>());
        show(&service, "i0", 600, NOON - DAY);
        show(&service, "i0", 1, NOON);
        service.rebuild();
        service
    };
    let on = market("[tail]\nscenes = { feed = 0.2 }\n");
    let credit = |it: &Service| factor(&explained(it, "u", &items), "small", "tail");
    on.wait("the tail is lifted", |it| {
        show(it, "i0", 50, NOON + HOUR);
        credit(it) > 1.4
    });
    let page = explained(&on, "u", &items);
    assert_eq!(
        ids(&page),
        ["i0", "i2", "i3", "small", "i1"],
        "the tail is lifted, but never first"
    );
    near(factor(&page, "i0", "tail"), 1.0);
    // As soon as the tail is shown more than its share, it needs less help.
    on.wait("the help ends", |it| {
        show(it, "small", 300, NOON + HOUR);
        credit(it) < 1.1
    });
    let off = market("");
    show(&off, "i0", 600, NOON + HOUR);
    assert_eq!(
        ids(&explained(&off, "u", &items)),
        ["i0", "i1", "i2", "i3", "small"]
    );
}

#[test]
fn m18_merchants_contend_for_a_slot() {
    let mut items = usual(6);
    for (n, value) in [(2, 0.3), (3, 0.9), (4, 0.6)] {
        items[n]["long_term_value"] = json!(value);
    }
    let race = "[[scene.feed.rules]]\nname = \"deal\"\nrule = \"slot\"\nplaces = [2]\nitems = [\"i2\", \"i3\", \"i4\"]\nweights = { long_term_value = 1 }\n";
    let on = market(race);
    on.items(&items);
    let page = explained(&on, "u", &items);
    assert_eq!(ids(&page)[..3], ["i0", "i3", "i1"]);
    assert_eq!(
        (&page["slots"][0]["winner"], &page["slots"][0]["runner_up"]),
        (&json!("i3"), &json!("i4"))
    );
    for (merchant, result) in [("m3", "won"), ("m4", "second")] {
        let name = format!(
            "saima_slot_races_total{{slot=\"deal\",merchant=\"{merchant}\",result=\"{result}\"}} "
        );
        near(on.metric(&name), 1.0);
    }
    let off = market("");
    off.items(&items);
    assert_eq!(ids(&explained(&off, "u", &items))[..3], ["i0", "i1", "i2"]);
}

#[test]
fn m21_scenes_inherit_and_differ() {
    let config = "[scene.search]\nweights = { quality = 0, long_term_value = 1 }\n\
                  [scene.live]\nparent = \"search\"\nlimit = 1\n\
                  [[scene.banner.rules]]\nname = \"one a shop\"\nrule = \"cap\"\nby = \"merchant\"\nmax = 1\n";
    let service = market(config);
    let mut items = usual(3);
    items[1]["merchant_id"] = "m0".into();
    items[2]["long_term_value"] = json!(1.0);
    service.items(&items);
    let shown = |scene: &str| {
        ids(&service
            .rank(&json!({"user_id": "u", "candidates": ["i0", "i1", "i2"], "scene": scene})))
    };
    assert_eq!(shown("feed"), ["i0", "i1", "i2"]);
    assert_eq!(shown("search")[0], "i2", "weights of its own");
    assert_eq!(
        shown("live"),
        ["i2"],
        "the weights of its parent, and a limit of its own"
    );
    assert_eq!(
        shown("banner"),
        ["i0", "i2"],
        "the default weights, and a rule of its own"
    );
    let unknown = json!({"user_id": "u", "candidates": ["i0"], "scene": "nowhere"});
    service.json("POST", "/rank", &unknown).problem(422);
}

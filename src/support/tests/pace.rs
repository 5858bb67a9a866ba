//! The pace: counts that wait, and what is settled.

use crate::clock::Time;
use crate::config::Config;
use crate::id::{ItemRow, MerchantRow, SceneId};
use crate::support::{Pace, Seen, Settled, Targets};

const TEXT: &str = "[scene.feed]\n[scene.search]\n[tail]\nscenes = { feed = 0.1 }\n\
                    [campaign.sale]\nscenes = [\"feed\", \"search\"]\nboost = 1.2\nfrom = 2026-11-10T00:00:00Z\n\
                    until = 2026-11-11T00:00:00Z\n[market]\nwaiting = 3";

fn number(scene: &str) -> SceneId {
    SceneId(match scene {
        "feed" => 1,
        "search" => 2,
        _ => 0,
    })
}

fn pace() -> Pace {
    let config = Config::parse("test", TEXT).unwrap();
    let mut pace = Pace::default();
    pace.follow(&config, Targets::of(&config, number));
    pace
}

fn seen(scene: u16, hour: &str, row: u32) -> Seen {
    Seen {
        scene: SceneId(scene),
        at: Time::parse(&format!("2026-11-{hour}:00:00Z")).unwrap(),
        item: ItemRow(row),
        merchant: MerchantRow(row),
        amount: 1,
    }
}

#[test]
fn exposures_count_by_scene_and_date() {
    let mut pace = pace();
    for shown in [
        seen(1, "10T05", 1),
        seen(1, "09T05", 1),
        seen(2, "10T05", 1),
        seen(3, "10T05", 1),
        seen(0, "10T05", 1),
    ] {
        pace.show(&shown);
    }
    let waiting = pace.begin();
    assert_eq!(waiting.shares["feed"][&MerchantRow(1)], 2);
    assert_eq!(waiting.campaigns["sale"][&ItemRow(1)], 2);
}

#[test]
fn nothing_is_settled_twice_or_lost() {
    let mut pace = pace();
    pace.show(&seen(2, "10T05", 1));
    let begun = pace.begin();
    pace.show(&seen(2, "10T06", 1));
    let image = pace.image();
    let stored = postcard::to_allocvec(&image).unwrap();
    let dated = postcard::to_allocvec(&image.dated).unwrap();
    let mut restored = self::pace();
    restored.restore(postcard::from_bytes(&stored).unwrap());
    restored.restore_dated(postcard::from_bytes(&dated).unwrap());
    assert_eq!(restored.begin().campaigns["sale"][&ItemRow(1)], 2);
    // A snapshot that failed is begun anew.
    assert_eq!(pace.begin().campaigns["sale"][&ItemRow(1)], 2);
    assert_eq!(begun.campaigns["sale"][&ItemRow(1)], 1);
    let mut settled = Settled::default();
    settled.used.insert("sale".to_owned(), 2);
    settled.credits.insert("feed".to_owned(), 0.25);
    pace.settle(settled);
    assert!(pace.begin().campaigns.is_empty());
    assert_eq!(pace.used("sale"), 2);
    assert!((pace.credit("feed") - 0.25).abs() < 1e-12);
    let gone = Config::embedded();
    pace.follow(&gone, Targets::of(&gone, number));
    // A campaign may come back.
    assert_eq!((pace.used("sale"), pace.credit("feed").to_bits()), (2, 0));
}

#[test]
fn dates_in_common_are_one_edition() {
    let config = |from: &str, until: &str| {
        let text = TEXT.replace("2026-11-11", until);
        Config::parse("test", &text.replace("2026-11-10", from)).unwrap()
    };
    for (from, until, used) in [
        ("2026-11-10", "2026-12-01", 2),
        ("2026-11-11", "2026-11-12", 0),
    ] {
        let mut pace = pace();
        pace.settle(Settled {
            used: [("sale".to_owned(), 2)].into(),
            ..Settled::default()
        });
        let next = config(from, until);
        let targets = Targets::of(&next, number);
        assert!(!pace.follows(&next, &targets));
        pace.follow(&next, targets.clone());
        assert!(pace.follows(&next, &targets));
        assert_eq!(pace.used("sale"), used);
    }
}

#[test]
fn waiting_counts_are_bounded() {
    let mut pace = pace();
    for row in 0..9 {
        pace.show(&seen(2, "10T05", row));
    }
    assert_eq!((pace.size()[0], pace.evicted), (3, 6));
    pace.forget_item(ItemRow(0));
    pace.show(&seen(2, "10T05", 8));
    assert_eq!(pace.size()[0], 3);
    pace.begin();
    pace.settle(Settled::default());
    assert_eq!(pace.size()[0], 0);
}

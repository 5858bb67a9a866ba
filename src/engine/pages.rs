//! The pages that were answered, so that the next page repeats nothing and an answered page is answered again, byte for byte.
//!
//! A list of pages belongs to a request id, a user and a scene, so that no other user's request under that id can change it. After a
//! merge of users it goes on under every name of the user. Lists are held in memory only, for a while, within two bounds; those that were
//! asked for least recently are evicted first. Before a page whose list is forgotten, the earlier ones are arranged anew, and the answer
//! says so.

use std::sync::Arc;
use std::time::Instant;

use hashbrown::HashMap;
use lru::LruCache;
use parking_lot::Mutex;
use serde::Deserialize;

use crate::config::Pages as Bounds;
use crate::id::IdHasher;
use crate::model::{ArmOf, Arms, Fault, RankRequest, Won};
use crate::telemetry::Size;

/// Bytes of a list beside its answers.
const LIST: usize = 256;
/// Maximum number of lists that one request forgets, so that none pays for thousands.
const FORGOTTEN: usize = 16;

/// What is known of the page that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The pages before it are forgotten, or were never answered here.
    Nothing,
    /// It was answered.
    Answer(Arc<[u8]>),
    /// It comes next; what stands on the pages before it, in the order of the places, and the arms under which they were ranked.
    Next(Vec<Stands>, Held),
}

/// The arms of experiments under which a list is ranked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) arms: Vec<ArmOf>,
    /// True if the request of the first page named them, so that nothing counts.
    pub(super) forced: bool,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stands {
    /// Id of the item.
    pub(super) id: String,
    /// How it was won, if a slot or a support place gave it.
    pub(super) won: Option<Won>,
}

/// The checks of a request id, a user's id, a scene's name and the arms that the request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    id: u64,
    user: u64,
    scene: u64,
    arms: u64,
}

/// One answered page.
#[derive(Debug)]
struct Page {
    /// Number of places before it.
    start: usize,
    /// Number of places before the next page.
    end: usize,
    answer: Arc<[u8]>,
    /// The places that slots and support places gave away.
    won: Vec<Won>,
}

/// The answered pages of one list, from the first on.
#[derive(Debug)]
struct List {
    pages: Vec<Page>,
    /// The arms under which its first page was ranked.
    held: Held,
    /// Time of the last use.
    used: Instant,
}

#[derive(Debug)]
struct Inner {
    /// In the order of use. The bounds are those of the configuration.
    lists: LruCache<Key, List, foldhash::fast::RandomState>,
    /// The newest list under the check of each request id.
    newest: HashMap<u64, Key>,
    pages: usize,
    bytes: usize,
    evicted: u64,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            lists: LruCache::unbounded_with_hasher(foldhash::fast::RandomState::default()),
            newest: HashMap::new(),
            pages: 0,
            bytes: 0,
            evicted: 0,
        }
    }
}

/// The pages that were answered.
#[derive(Debug, Default)]
pub(super) struct Pages {
    hasher: IdHasher,
    inner: Mutex<Inner>,
}

/// A page that was just answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered<'a> {
    /// The id in the answer.
    pub(super) id: &'a str,
    /// Number of places before it.
    pub(super) start: usize,
    /// Number of its places.
    pub(super) places: usize,
    /// The places that slots and support places gave away.
    pub(super) won: &'a [Won],
    /// The arms under which it was ranked.
    pub(super) held: &'a Held,
    /// The answer.
    pub(super) json: &'a [u8],
}

impl Pages {
    /// Returns what is known of the page that a request asks for. A request without an offset begins anew. `names` returns every id of
    /// the user, and is called if no list belongs to the one that is given.
    ///
    /// # Errors
    /// A fault if the list belongs to another user or scene, or if its pages neither begin nor end at the offset.
    pub(super) fn find(
        &self,
        request: &RankRequest<'_>,
        (id, names): (&str, impl FnOnce() -> Vec<String>),
        (bounds, now): (&Bounds, Instant),
    ) -> Result<Found, Fault> {
        let Some(offset) = request.offset else {
            return Ok(Found::Nothing);
        };
        let mut key = self.key(id, request);
        {
            let mut inner = self.inner.lock();
            let _gone = inner.expire(bounds, now);
            key = inner.continued(key, offset);
            if inner.knows(&key, (bounds, now)) {
                return inner.find(key, offset, now);
            }
        }
        let names = names();
        let mut others = names.iter().map(|name| Key {
            user: self.check(name),
            ..key
        });
        let mut inner = self.inner.lock();
        if let Some(other) = others.find(|other| inner.knows(other, (bounds, now))) {
            inner.rename(other, key);
            return inner.find(key, offset, now);
        }
        let newest = inner.newest.get(&key.id);
        let is_others = newest.is_some_and(|newest| inner.knows(newest, (bounds, now)));
        if is_others && offset > 0 {
            return Err(Fault::new(
                "request_id",
                "is that of a request of another user, for another scene or under other arms",
            ));
        }
        Ok(Found::Nothing)
    }

    /// Remembers an answered page. A first page begins its list anew, unless it is the page that is remembered.
    pub(super) fn remember(
        &self,
        request: &RankRequest<'_>,
        answered: Answered<'_>,
        (bounds, now): (&Bounds, Instant),
    ) {
        if bounds.pages == 0 || answered.json.len() > bounds.bytes {
            return;
        }
        let key = self.key(answered.id, request);
        let page = Page {
            start: answered.start,
            end: answered.start + answered.places,
            answer: answered.json.into(),
            won: answered.won.to_vec(),
        };
        let gone = {
            let mut inner = self.inner.lock();
            let key = inner.continued(key, answered.start);
            inner.add(key, page, (answered.held, now));
            inner.expire(bounds, now)
        };
        drop(gone);
    }

    /// Returns the size of the memory.
    pub(super) fn size(&self) -> Size {
        let inner = self.inner.lock();
        Size {
            entries: inner.pages,
            bytes: inner.bytes,
            evicted: inner.evicted,
        }
    }

    fn check(&self, text: &str) -> u64 {
        self.hasher.hash(text).check()
    }

    fn check_arms(&self, arms: &Arms<'_>) -> u64 {
        let mut named: Vec<_> = arms.0.iter().collect();
        named.sort_unstable();
        self.check(&format!("{named:?}"))
    }

    fn key(&self, id: &str, request: &RankRequest<'_>) -> Key {
        Key {
            id: self.check(id),
            user: self.check(&request.user_id),
            scene: self.check(request.scene()),
            arms: request
                .arms
                .as_ref()
                .map_or(0, |arms| self.check_arms(arms)),
        }
    }
}

impl Page {
    fn bytes(&self) -> usize {
        self.answer.len() + size_of_val(&*self.won)
    }

    /// Returns what stands on it.
    fn stands(&self) -> impl Iterator<Item = Stands> + '_ {
        let places = ids(&self.answer).into_iter().zip(self.start + 1..);
        places.map(|(id, place)| Stands {
            id,
            won: self.won.iter().find(|won| won.place == place).cloned(),
        })
    }
}

impl List {
    fn is_old(&self, bounds: &Bounds, now: Instant) -> bool {
        now.duration_since(self.used) > bounds.kept
    }

    fn end(&self) -> usize {
        self.pages.last().map_or(0, |page| page.end)
    }

    fn bytes(&self) -> usize {
        LIST + size_of_val(&*self.held.arms) + self.pages.iter().map(Page::bytes).sum::<usize>()
    }

    /// Returns the page at an offset, or what stands before it if it comes next.
    fn find(&self, offset: usize) -> Result<Found, Fault> {
        let at = self.pages.binary_search_by_key(&offset, |page| page.start);
        if let Ok(at) = at {
            return Ok(Found::Answer(Arc::clone(&self.pages[at].answer)));
        }
        if offset == self.end() {
            let stands = self.pages.iter().flat_map(Page::stands);
            return Ok(Found::Next(stands.collect(), self.held.clone()));
        }
        let end = self.end();
        Err(Fault::new(
            "offset",
            format!("must be that of an answered page, or {end}, where the answered pages end"),
        ))
    }
}

/// Returns the ids of the items of an answer.
fn ids(answer: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Ranking {
        items: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        id: String,
    }
    let ranking: Option<Ranking> = serde_json::from_slice(answer).ok();
    let items = ranking.map(|ranking| ranking.items).unwrap_or_default();
    items.into_iter().map(|item| item.id).collect()
}

impl Inner {
    /// Returns whether a list is remembered.
    fn knows(&self, key: &Key, (bounds, now): (&Bounds, Instant)) -> bool {
        let list = self.lists.peek(key);
        list.is_some_and(|list| !list.is_old(bounds, now))
    }

    /// Returns the key of the list that a page belongs to: a later page that names no arms goes on with a list whose first page named some.
    fn continued(&self, key: Key, start: usize) -> Key {
        let newest = self.newest.get(&key.id).copied();
        let is_same = |newest: &Key| {
            let named = Key {
                arms: newest.arms,
                ..key
            };
            named == *newest
        };
        let is_own = start == 0 || key.arms != 0 || self.lists.contains(&key);
        newest.filter(|it| !is_own && is_same(it)).unwrap_or(key)
    }

    /// Returns what is known of the page of a list at an offset.
    fn find(&mut self, key: Key, offset: usize, now: Instant) -> Result<Found, Fault> {
        let list = self.lists.peek(&key);
        let found = list.map_or(Ok(Found::Nothing), |list| list.find(offset))?;
        self.touch(key, now);
        Ok(found)
    }

    /// Gives a list another key.
    fn rename(&mut self, from: Key, to: Key) {
        self.remove(to);
        if let Some(list) = self.remove(from) {
            self.put(to, list);
        }
    }

    fn put(&mut self, key: Key, list: List) {
        self.pages += list.pages.len();
        self.bytes += list.bytes();
        self.newest.insert(key.id, key);
        self.lists.push(key, list);
    }

    fn add(&mut self, key: Key, page: Page, (held, now): (&Held, Instant)) {
        let begins = page.start == 0;
        let list = self.lists.peek(&key);
        let is_known = list.is_some_and(|list| {
            let same = list.pages.iter().find(|known| known.start == page.start);
            same.is_some_and(|same| same.answer == page.answer)
        });
        let goes_on = list.is_some_and(|list| list.end() == page.start);
        if !is_known {
            if begins {
                self.remove(key);
            } else if !goes_on {
                return;
            }
            let bytes = page.bytes();
            if let Some(list) = self.lists.get_mut(&key) {
                list.pages.push(page);
                self.pages += 1;
                self.bytes += bytes;
            } else {
                let list = List {
                    pages: vec![page],
                    held: held.clone(),
                    used: now,
                };
                self.put(key, list);
            }
        }
        self.touch(key, now);
    }

    /// Notes a use of a list.
    fn touch(&mut self, key: Key, now: Instant) {
        if let Some(list) = self.lists.get_mut(&key) {
            list.used = now;
        }
    }

    /// Removes lists beyond the bounds, those used least recently first; returns them, to be freed outside of the lock.
    fn expire(&mut self, bounds: &Bounds, now: Instant) -> Vec<List> {
        let mut gone = Vec::new();
        while gone.len() < FORGOTTEN
            && let Some((&key, list)) = self.lists.peek_lru()
        {
            let is_over = self.pages > bounds.pages || self.bytes > bounds.bytes;
            let is_old = list.is_old(bounds, now);
            if !is_over && !is_old {
                break;
            }
            let list = self.remove(key);
            let pages = list.as_ref().map_or(0, |list| list.pages.len());
            self.evicted += if is_old {
                0
            } else {
                crate::number::wide(pages)
            };
            gone.extend(list);
        }
        gone
    }

    fn remove(&mut self, key: Key) -> Option<List> {
        let list = self.lists.pop(&key)?;
        if self.newest.get(&key.id) == Some(&key) {
            self.newest.remove(&key.id);
        }
        self.pages -= list.pages.len();
        self.bytes -= list.bytes();
        Some(list)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::config::Config;
    use crate::model::diagnose;

    const BOUNDS: Bounds = Bounds {
        pages: 3,
        bytes: 10_000,
        kept: Duration::from_secs(600),
    };

    fn request(user: &str, offset: Option<usize>) -> RankRequest<'static> {
        let text = json!({"user_id": user, "candidates": [], "offset": offset}).to_string();
        let vocabulary = Config::embedded().vocabulary;
        diagnose::request(text.leak().as_bytes(), &vocabulary).unwrap()
    }

    fn json(first: usize, places: usize) -> String {
        let items = (first..first + places).map(|number| json!({"id": format!("i{number}")}));
        json!({"items": items.collect::<Vec<_>>()}).to_string()
    }

    /// Remembers a page of two places.
    fn add(pages: &Pages, id: &str, start: usize, now: Instant) {
        let json = json(start, 2);
        let answered = Answered {
            id,
            start,
            places: 2,
            won: &[],
            held: &Held::default(),
            json: json.as_bytes(),
        };
        pages.remember(&request("u", None), answered, (&BOUNDS, now));
    }

    /// Returns the first of some items in a row that stand in the order of fill.
    fn stand(first: usize, places: usize) -> Vec<Stands> {
        let stands = |number| Stands {
            id: format!("i{number}"),
            won: None,
        };
        (first..first + places).map(stands).collect()
    }

    fn find(pages: &Pages, id: &str, offset: usize, now: Instant) -> Found {
        pages
            .find(&request("u", Some(offset)), (id, Vec::new), (&BOUNDS, now))
            .unwrap()
    }

    #[test]
    fn pages_are_found_until_they_are_old() {
        let (pages, start) = (Pages::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        add(&pages, "r", 0, at(0));
        assert_eq!(
            find(&pages, "r", 2, at(500)),
            Found::Next(stand(0, 2), Held::default())
        );
        add(&pages, "r", 2, at(510));
        let second = json(2, 2).into_bytes().into();
        assert_eq!(find(&pages, "r", 2, at(1_100)), Found::Answer(second));
        // The same first page keeps the list; another one begins it anew.
        add(&pages, "r", 0, at(1_110));
        assert_eq!(pages.size().entries, 2);
        add(&pages, "r", 4, at(1_120));
        assert_eq!(pages.size().entries, 3);
        assert_eq!(find(&pages, "r", 6, at(1_721)), Found::Nothing);
        assert_eq!(
            (
                pages.size().entries,
                pages.size().bytes,
                pages.size().evicted
            ),
            (0, 0, 0)
        );
    }

    #[test]
    fn the_bounds_evict_the_least_recently_used() {
        let (pages, now) = (Pages::default(), Instant::now());
        ["a", "b", "c"]
            .iter()
            .for_each(|id| add(&pages, id, 0, now));
        find(&pages, "a", 2, now);
        add(&pages, "d", 0, now);
        assert_eq!(find(&pages, "b", 2, now), Found::Nothing);
        assert_ne!(find(&pages, "a", 2, now), Found::Nothing);
        assert_eq!((pages.size().entries, pages.size().evicted), (3, 1));
        for number in 0..1_000 {
            add(&pages, &format!("r{}", number % 7), 0, now);
            find(&pages, "r1", 0, now);
        }
        let inner = pages.inner.lock();
        assert!(inner.pages <= 3 && inner.lists.len() <= 3);
        let bytes: usize = inner.lists.iter().map(|(_, list)| list.bytes()).sum();
        assert_eq!(inner.bytes, bytes);
    }

    #[test]
    fn another_users_list_is_refused() {
        let (pages, now) = (Pages::default(), Instant::now());
        add(&pages, "r", 0, now);
        let find = |user: &str, offset| {
            pages.find(&request(user, offset), ("r", Vec::new), (&BOUNDS, now))
        };
        assert!(find("v", Some(2)).is_err() && find("u", Some(1)).is_err());
        assert_eq!(find("v", Some(0)), Ok(Found::Nothing));
        assert_eq!(find("u", None), Ok(Found::Nothing));
    }

    #[test]
    fn a_list_stays_with_its_user() {
        let (pages, now) = (Pages::default(), Instant::now());
        let remember = |user: &str, start: usize, first: usize| {
            let (won, json) = (vec![won(start + 1)], json(first, 2));
            let answered = Answered {
                id: "r",
                start,
                places: 2,
                won: &won,
                held: &Held::default(),
                json: json.as_bytes(),
            };
            pages.remember(&request(user, None), answered, (&BOUNDS, now));
        };
        let find = |user: &str, names: &[&str]| {
            let names = || names.iter().map(|name| (*name).to_owned()).collect();
            pages.find(&request(user, Some(2)), ("r", names), (&BOUNDS, now))
        };
        let next = |first: usize| {
            let mut stands = stand(first, 2);
            stands[0].won = Some(won(1));
            Ok(Found::Next(stands, Held::default()))
        };
        remember("u", 0, 0);
        remember("stranger", 0, 7);
        assert_eq!(find("u", &[]), next(0), "a stranger takes nothing over");
        assert_eq!(find("stranger", &[]), next(7));
        assert!(find("login", &["login"]).is_err());
        assert_eq!(find("login", &["login", "u"]), next(0), "one user");
        remember("login", 2, 2);
        assert_eq!(
            find("u", &["u", "login"]),
            Ok(Found::Answer(json(2, 2).into_bytes().into()))
        );
        assert_eq!(pages.size().entries, 3);
        let inner = pages.inner.lock();
        let bytes: usize = inner.lists.iter().map(|(_, list)| list.bytes()).sum();
        assert_eq!((inner.bytes, inner.newest.len()), (bytes, 1));
    }

    fn won(place: usize) -> Won {
        Won { place, slot: None }
    }
}

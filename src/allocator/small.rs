//! Memory in small pages of the system, for what grows while others wait.
//!
//! The allocator asks the system for pages of 2 MiB, which make ranking a quarter faster. But the first touch of one takes long: the
//! system fills it with zeros, and a virtual machine that gave the memory back must ask its host for it, 6 to 7 ms where it was measured.
//! A thread that learns about users holds the lock of the facts meanwhile, and every ranking waits. So it takes memory from areas without
//! large pages, where a first touch takes a microsecond.
#![expect(
    unsafe_code,
    reason = "the allocator's C functions have no safe form; each call says why it is sound"
)]

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use libmimalloc_sys::{mi_arena_id_t, mi_heap_new_in_arena, mi_heap_t, mi_manage_os_memory_ex};
use memmap2::MmapOptions;

/// Bytes of an area. They are addresses: the system grants memory only for pages that are touched.
const AREA: usize = 4 << 30;
/// Maximum number of areas.
const AREAS: usize = 64;
/// Bytes of the largest block that is taken from an area.
const LARGEST: usize = 16 << 20;

/// The heap of the area that last had room; null without any.
static HEAP: AtomicPtr<mi_heap_t> = AtomicPtr::new(null_mut());
/// The heaps of all areas, oldest first.
static HEAPS: [AtomicPtr<mi_heap_t>; AREAS] = [const { AtomicPtr::new(null_mut()) }; AREAS];
/// Number of areas that the system was asked for, locked while another one is chosen.
static ASKED: Mutex<usize> = Mutex::new(0);

thread_local! {
    /// Whether the thread takes memory from an area now.
    static IS_SMALL: Cell<bool> = const { Cell::new(false) };
}

/// Sets whether this thread takes memory from an area, until it is dropped.
struct Choice {
    before: bool,
}

impl Choice {
    fn new(is_small: bool) -> Self {
        let before = IS_SMALL.replace(is_small);
        Self { before }
    }
}

impl Drop for Choice {
    fn drop(&mut self) {
        IS_SMALL.set(self.before);
    }
}

/// Runs some work. Memory that it takes lies in small pages, if the system grants them, and may outlive it.
pub fn in_small_pages<T>(work: impl FnOnce() -> T) -> T {
    let _choice = Choice::new(true);
    work()
}

/// Returns a block of some bytes that `take` takes from the heap of an area; `None` if this thread wants none, or no area has room.
#[inline(always)]
pub(super) fn from_area(
    bytes: usize,
    take: impl Fn(*mut mi_heap_t) -> *mut c_void,
) -> Option<*mut u8> {
    let is_wanted = IS_SMALL.get() && bytes <= LARGEST;
    if is_wanted { from_any(take) } else { None }
}

fn from_any(take: impl Fn(*mut mi_heap_t) -> *mut c_void) -> Option<*mut u8> {
    let heap = HEAP.load(Ordering::Acquire);
    from(heap, &take).or_else(|| from_another(heap, take))
}

/// Takes a block from a heap; `None` if there is none, or it is full.
#[inline(always)]
fn from(heap: *mut mi_heap_t, take: impl Fn(*mut mi_heap_t) -> *mut c_void) -> Option<*mut u8> {
    let block = (!heap.is_null()).then(|| take(heap).cast());
    block.filter(|block: &*mut u8| !block.is_null())
}

/// Takes a block from another area than the full one: the first that has room, or a new one. Once there is none, nobody looks again.
#[cold]
fn from_another(
    full: *mut mi_heap_t,
    take: impl Fn(*mut mi_heap_t) -> *mut c_void,
) -> Option<*mut u8> {
    // What the search itself allocates lies elsewhere.
    let _choice = Choice::new(false);
    let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    let newest = HEAP.load(Ordering::Acquire);
    if newest != full {
        return from(newest, take);
    }
    if full.is_null() && *asked == AREAS {
        return None;
    }
    let room = |heap: *mut mi_heap_t| from(heap, &take).map(|block| (heap, block));
    let mut known = HEAPS.iter().take(*asked);
    let mut found = known.find_map(|heap| room(heap.load(Ordering::Acquire)));
    if found.is_none()
        && let Some(place) = HEAPS.get(*asked)
    {
        let heap = area().unwrap_or(null_mut());
        place.store(heap, Ordering::Release);
        *asked += 1;
        found = room(heap);
    }
    HEAP.store(
        found.map_or(null_mut(), |(heap, _)| heap),
        Ordering::Release,
    );
    found.map(|(_, block)| block)
}

/// Returns the heap of a new area; `None` if the system refuses one.
fn area() -> Option<*mut mi_heap_t> {
    let mut options = MmapOptions::new();
    let pages = options.len(AREA).no_reserve_swap().map_anon().ok()?;
    // Without the advice, the pages may be large: slower to touch, but correct.
    #[cfg(target_os = "linux")]
    let _ = pages.advise(memmap2::Advice::NoHugePage);
    let mut id: mi_arena_id_t = null_mut();
    let start = pages.as_ptr().cast();
    // SAFETY: the area is readable, writable and all zeros, nothing else uses it, and it is never unmapped.
    let is_managed =
        unsafe { mi_manage_os_memory_ex(start, AREA, true, false, true, -1, true, &raw mut id) };
    if !is_managed {
        return None;
    }
    std::mem::forget(pages);
    // SAFETY: the allocator returned this id.
    let heap = unsafe { mi_heap_new_in_arena(id) };
    (!heap.is_null()).then_some(heap)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns whether the system may use large pages for an address.
    #[cfg(target_os = "linux")]
    fn may_be_large(address: *const u8) -> bool {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut is_inside = false;
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let bounds = words.next().and_then(|word| word.split_once('-'));
            let bound = |word| usize::from_str_radix(word, 16).ok();
            if let Some((start, end)) = bounds.and_then(|(a, b)| Some((bound(a)?, bound(b)?))) {
                is_inside = (start..end).contains(&address.addr());
            } else if is_inside && line.starts_with("VmFlags:") {
                return !words.any(|flag| flag == "nh");
            }
        }
        panic!("no memory at {address:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_of_the_work_alone_lies_in_small_pages() {
        let [before, inside, after] = [
            vec![1_u8; 1 << 20],
            in_small_pages(|| vec![2_u8; 1 << 20]),
            vec![3_u8; 1 << 20],
        ];
        let are_large = [&before, &inside, &after].map(|bytes| may_be_large(bytes.as_ptr()));
        assert_eq!(are_large, [true, false, true]);
        let huge = in_small_pages(|| vec![4_u8; LARGEST + 1]);
        assert!(may_be_large(huge.as_ptr()));
        let zeros = in_small_pages(|| vec![0_u8; 1 << 20]);
        assert!(!may_be_large(zeros.as_ptr()) && zeros.iter().all(|byte| *byte == 0));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_area_is_followed_by_another() {
        // They are not touched, so they take addresses alone.
        let block = || in_small_pages(|| Vec::<u8>::with_capacity(LARGEST));
        let blocks: Vec<_> = (0..AREA / LARGEST + 2).map(|_| block()).collect();
        let mut some = blocks.iter().rev().step_by(20);
        assert!(some.all(|block| !may_be_large(block.as_ptr())));
        assert!(!HEAPS[1].load(Ordering::Acquire).is_null());
    }

    #[test]
    fn memory_grows_and_is_freed_wherever_it_lies() {
        let mut lists: Vec<Vec<usize>> = vec![Vec::new(); 64];
        for round in 0..500 {
            let list = &mut lists[round % 64];
            let mut push = || (0..=round).for_each(|number| list.push(number));
            if round % 3 == 0 {
                in_small_pages(push);
            } else {
                push();
            }
            if round % 7 == 0 {
                let list = std::mem::take(list);
                std::thread::spawn(move || drop(list)).join().unwrap();
            }
        }
        let is_whole = |list: &Vec<usize>| {
            let mut rounds = list.chunk_by(|one, other| other == &(one + 1));
            rounds.all(|round| round[0] == 0)
        };
        assert!(lists.iter().all(is_whole));
    }

    #[test]
    fn work_that_panics_ends_the_choice() {
        let panicked = std::panic::catch_unwind(|| in_small_pages(|| panic!("as asked")));
        assert!(panicked.is_err() && !IS_SMALL.get());
        in_small_pages(|| {
            in_small_pages(|| ());
            assert!(IS_SMALL.get());
        });
    }
}

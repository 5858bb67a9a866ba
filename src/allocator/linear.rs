//! A check for tests that reading takes time linear in the input.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::allocator::allocated;

/// Maximum growth of the allocated bytes when the input doubles. Linear work grows by 2, quadratic work by 4.
const MOST: f64 = 2.3;
/// Maximum growth of the time when the input grows fourfold. Linear work grows by 4, quadratic work by 16.
const MOST_TIME: f64 = 8.0;
/// Minimum and maximum number of times that the time is measured. Other work of the machine can only add to it, so the least counts.
const TIMES: [usize; 2] = [3, 20];

/// Checks that `work` on an input of more than `count` parts allocates and takes only so much more than on one of `count`.
pub(crate) fn assert_linear<I>(
    what: &str,
    count: usize,
    input: impl Fn(usize) -> I,
    work: impl Fn(&I),
) {
    let (once, twice) = (input(count), input(2 * count));
    let (few, many) = (bytes(&once, &work), bytes(&twice, &work));
    assert!(
        many <= few * MOST + 10_000.0,
        "{what}: {few} bytes, then {many}"
    );
    let (four, mut least) = (input(4 * count), [Duration::MAX; 2]);
    for measured in 1..=TIMES[1] {
        for (least, input) in least.iter_mut().zip([&once, &four]) {
            *least = time(input, &work).min(*least);
        }
        // A millisecond is the least that is measured well.
        if measured >= TIMES[0]
            && least[1] <= least[0].mul_f64(MOST_TIME) + Duration::from_millis(1)
        {
            return;
        }
    }
    panic!("{what}: {least:?}");
}

/// Returns the bytes that some work allocates.
#[expect(clippy::cast_precision_loss, reason = "for a ratio")]
fn bytes<I>(input: &I, work: &impl Fn(&I)) -> f64 {
    let before = allocated();
    work(input);
    (allocated() - before) as f64
}

/// Returns the CPU time that some work takes. A busy machine interrupts long work more often than short work, which is not counted.
fn time<I>(input: &I, work: &impl Fn(&I)) -> Duration {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(
            u64::try_from(time.tv_sec).unwrap(),
            u32::try_from(time.tv_nsec).unwrap(),
        )
    };
    let begun = now();
    work(input);
    now() - begun
}

#[test]
#[should_panic(expected = "quadratic")]
fn quadratic_work_is_found() {
    let input = |count| (0..count).collect::<Vec<usize>>();
    assert_linear("quadratic", 4_000, input, |list| {
        let last = list.len() - 1;
        assert!(list.iter().all(|n| list[*n..].contains(&last)));
    });
}

//! The log of the service, on standard error.
//!
//! A thread of its own writes the lines, so nothing else waits for standard error or fails with it: its reader may be gone or stuck, its
//! disk full. A line that finds no room in the queue, or that cannot be written, is dropped and counted.

use std::io::{self, IsTerminal, PipeWriter, Write};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::EnvFilter;

use super::metric::metrics;
use crate::threads::Threads;

metrics! {
    /// Metrics of the log.
    LogMetrics {
        pub dropped: Counter = "log_lines_dropped", "Lines of the log that were dropped because standard error does not accept them";
    }
}

/// Maximum wait at the end for lines to be written.
const PATIENCE: Duration = Duration::from_millis(300);
/// Interval between two looks at the queue during that wait.
const LOOK: Duration = Duration::from_millis(2);

/// The log. Dropping it waits a moment for the last lines.
#[derive(Debug)]
pub struct Log(Lines);

/// Sends the log to standard error, as JSON objects or as text. `filter` selects the events (`warn`, `info,saima=debug`); an invalid
/// filter means `info`. At most `waiting_bytes` of lines wait to be written by one of `threads`; `dropped` counts the lines beyond, and
/// those that standard error does not accept. Panics are logged too. After a second call the first log stays in use.
///
/// # Errors
/// The thread cannot be started.
pub fn log(
    json: bool,
    filter: &str,
    waiting_bytes: usize,
    dropped: &Counter,
    threads: &Threads,
) -> io::Result<Log> {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = Lines::start(standard_error(), waiting_bytes, dropped.clone(), threads)?;
    let writer = lines.clone();
    let log = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(filter);
    // The only possible error is that a log is already set, which then stays in use.
    let _ = if json {
        log.json().try_init()
    } else {
        log.try_init()
    };
    std::panic::set_hook(Box::new(|panic| {
        let thread = thread::current();
        tracing::error!(thread = thread.name().unwrap_or("?"), "{panic}");
    }));
    Ok(Log(lines))
}

impl Log {
    /// Prints text after the lines logged so far.
    pub fn print(&self, text: &str) {
        self.0.send(text.as_bytes());
    }

    /// Waits a moment for the lines logged so far.
    pub fn flush(&self) {
        let begun = Instant::now();
        while self.0.waiting.load(Ordering::Acquire) > 0 && begun.elapsed() < PATIENCE {
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Returns standard error without the lock that the standard library shares with everybody who prints.
fn standard_error() -> Box<dyn Write + Send> {
    match io::stderr().as_fd().try_clone_to_owned() {
        // It is any file, not only a pipe; this type writes to it directly.
        Ok(own) => Box::new(PipeWriter::from(own)),
        Err(_) => Box::new(io::stderr()),
    }
}

/// The queue of lines that wait for the thread that writes them.
#[derive(Clone, Debug)]
struct Lines {
    queue: Sender<Vec<u8>>,
    /// Bytes of the lines that are not written yet.
    waiting: Arc<AtomicUsize>,
    most: usize,
    dropped: Counter,
}

impl Lines {
    fn start(
        out: Box<dyn Write + Send>,
        waiting_bytes: usize,
        dropped: Counter,
        threads: &Threads,
    ) -> io::Result<Self> {
        let (queue, lines) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut printer = Printer {
            lines,
            out,
            waiting: Arc::clone(&waiting),
            dropped: dropped.clone(),
            line: Vec::new(),
            torn: false,
        };
        threads.start("log", move || printer.round())?;
        Ok(Self {
            queue,
            waiting,
            most: waiting_bytes,
            dropped,
        })
    }

    /// Queues a line, or drops it if there is no room.
    fn send(&self, line: &[u8]) {
        let room = |waiting: usize| Some(waiting + line.len()).filter(|bytes| *bytes <= self.most);
        let (set, read) = (Ordering::AcqRel, Ordering::Acquire);
        let has_room = self.waiting.fetch_update(set, read, room).is_ok();
        if !has_room || self.queue.send(line.to_vec()).is_err() {
            self.dropped.inc();
        }
    }
}

impl Write for Lines {
    /// Accepts a whole line, and never fails.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.send(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// State of the thread.
struct Printer {
    lines: Receiver<Vec<u8>>,
    out: Box<dyn Write + Send>,
    waiting: Arc<AtomicUsize>,
    dropped: Counter,
    /// The line that is being written; stays if that panics.
    line: Vec<u8>,
    /// True if a part of a line was written without its end.
    torn: bool,
}

impl Printer {
    /// Waits for a line and writes it. Ends when the queue is closed.
    fn round(&mut self) -> ControlFlow<()> {
        if !self.line.is_empty() {
            self.torn = true;
            self.done(false);
        }
        match self.lines.recv() {
            Ok(line) => self.line = line,
            Err(_) => return ControlFlow::Break(()),
        }
        if self.torn {
            self.torn = write(&mut self.out, b"\n") < 1;
        }
        let written = write(&mut self.out, &self.line);
        self.torn |= written > 0 && written < self.line.len();
        self.done(written == self.line.len());
        ControlFlow::Continue(())
    }

    /// Counts the line as written, or as dropped.
    fn done(&mut self, is_written: bool) {
        if !is_written {
            self.dropped.inc();
        }
        self.waiting.fetch_sub(self.line.len(), Ordering::AcqRel);
        self.line.clear();
    }
}

/// Writes bytes until an error. Returns the number of bytes written.
fn write(out: &mut dyn Write, bytes: &[u8]) -> usize {
    let mut written = 0;
    while written < bytes.len() {
        match out.write(&bytes[written..]) {
            Ok(0) => break,
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    /// Standard error whose disk has room for a number of bytes, and whose reader may be stuck.
    #[derive(Clone, Default)]
    struct Out {
        written: Arc<Mutex<Vec<u8>>>,
        room: Arc<AtomicUsize>,
        stuck: Arc<Mutex<()>>,
        panics: Arc<AtomicUsize>,
    }

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _free = self.stuck.lock();
            let panics = self.panics.load(Ordering::Acquire);
            self.panics
                .store(panics.saturating_sub(1), Ordering::Release);
            assert_eq!(panics, 0, "on purpose");
            let room = self.room.load(Ordering::Acquire).min(bytes.len());
            if room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room.fetch_sub(room, Ordering::AcqRel);
            self.written.lock().extend_from_slice(&bytes[..room]);
            Ok(room)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn start(out: &Out, most: usize) -> Log {
        let (dropped, threads) = (Counter::default(), Threads::default());
        Log(Lines::start(Box::new(out.clone()), most, dropped, &threads).unwrap())
    }

    fn settle(log: &Log) {
        while log.0.waiting.load(Ordering::Acquire) > 0 {
            thread::yield_now();
        }
    }

    #[test]
    fn lines_on_a_full_disk_are_dropped() {
        let out = Out::default();
        let log = start(&out, 1 << 20);
        out.room.store(9, Ordering::Release);
        for _ in 0..3 {
            log.print("12345\n");
        }
        settle(&log);
        assert_eq!(log.0.dropped.get(), 2);
        out.room.store(100, Ordering::Release);
        log.print("again\n");
        settle(&log);
        assert_eq!(*out.written.lock(), b"12345\n123\nagain\n");
    }

    #[test]
    fn a_panic_drops_only_its_line() {
        let out = Out::default();
        out.room.store(100, Ordering::Release);
        out.panics.store(1, Ordering::Release);
        let log = start(&out, 1 << 20);
        log.print("lost\n");
        log.print("kept\n");
        settle(&log);
        assert_eq!(log.0.dropped.get(), 1);
        assert_eq!(*out.written.lock(), b"\nkept\n");
    }

    #[test]
    fn a_stuck_reader_delays_nobody() {
        let out = Out::default();
        out.room.store(1 << 20, Ordering::Release);
        let stuck = out.stuck.lock();
        let log = start(&out, 100);
        (0..1_000).for_each(|_| log.print("1234567890"));
        assert_eq!(log.0.dropped.get(), 990, "the queue holds 100 bytes");
        let begun = Instant::now();
        drop(Log(log.0.clone()));
        assert!(begun.elapsed() < PATIENCE * 3);
        drop(stuck);
        settle(&log);
        assert_eq!(out.written.lock().len(), 100);
    }
}

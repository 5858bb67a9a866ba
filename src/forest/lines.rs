//! The lines of a file of a model, and `key=value` on them.

use super::fault::Fault;

/// The lines that are still to be read.
pub(super) struct Lines<'t> {
    rest: std::iter::Peekable<std::iter::Enumerate<std::str::Lines<'t>>>,
    /// Number of the last line read; 0 at the start.
    pub(super) number: usize,
}

impl<'t> Lines<'t> {
    /// Creates the lines of a text.
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            rest: text.lines().enumerate().peekable(),
            number: 0,
        }
    }

    /// Returns the next line that is not empty, without reading it; `None` at the end.
    pub(super) fn peek(&mut self) -> Option<&'t str> {
        while self
            .rest
            .next_if(|(_, line)| line.trim().is_empty())
            .is_some()
        {}
        self.rest.peek().map(|(_, line)| line.trim_end())
    }

    /// Reads the next line that is not empty.
    ///
    /// # Errors
    /// If the file ends before it.
    pub(super) fn read(&mut self) -> Result<&'t str, Fault> {
        let line = self.peek();
        if let (Some(line), Some((place, _))) = (line, self.rest.next()) {
            self.number = place + 1;
            return Ok(line);
        }
        let message = "the file is cut short: it ends before `end of trees`";
        Err(Fault::new(self.number.max(1), message))
    }
}

/// The known keys of one part of the file, each with its line and its value.
pub(super) struct Keys<'t, const N: usize> {
    names: [&'static str; N],
    found: [Option<(usize, &'t str)>; N],
    /// The first line of the part.
    line: usize,
}

impl<'t, const N: usize> Keys<'t, N> {
    /// Creates the keys of a part that begins at a line.
    pub(super) const fn new(names: [&'static str; N], line: usize) -> Self {
        Self {
            names,
            found: [None; N],
            line,
        }
    }

    /// Adds a line. Keys that are not known are not needed.
    ///
    /// # Errors
    /// If the key is given twice.
    pub(super) fn add(&mut self, number: usize, line: &'t str) -> Result<(), Fault> {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let Some(place) = self.names.iter().position(|name| *name == key) else {
            return Ok(());
        };
        if self.found[place].is_some() {
            return Err(Fault::new(number, format!("{key} is given twice")));
        }
        self.found[place] = Some((number, value));
        Ok(())
    }

    /// Returns the line and the value of a key, if it is given.
    pub(super) fn find(&self, key: &str) -> Option<(usize, &'t str)> {
        let place = self.names.iter().position(|name| *name == key);
        place.and_then(|place| self.found[place])
    }

    /// Returns the line and the value of a key.
    ///
    /// # Errors
    /// If it is not given.
    pub(super) fn get(&self, key: &str) -> Result<(usize, &'t str), Fault> {
        self.find(key)
            .ok_or_else(|| Fault::new(self.line, format!("{key} is missing")))
    }
}

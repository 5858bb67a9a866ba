//! What experiments have, by name. There are few, and who asks for one nearly always knows its place.

/// Values by name, sorted by name.
#[derive(Clone, Debug)]
pub struct Named<T>(Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<(String, T)> for Named<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(each: I) -> Self {
        let mut all = Self::default();
        for (name, value) in each {
            all.insert(name, value);
        }
        all
    }
}

impl<T> Named<T> {
    /// Returns the place of a name, or where it would be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(known, _)| known.as_str().cmp(name))
    }

    /// Returns the number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.place(name).ok().map(|place| &self.0[place].1)
    }

    /// Returns the value of a name that is probably at a place.
    #[must_use]
    pub fn at(&self, place: usize, name: &str) -> Option<&T> {
        match self.0.get(place) {
            Some((known, value)) if known == name => Some(value),
            Some(_) | None => self.get(name),
        }
    }

    /// Returns the value of a name for a change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        let place = self.place(name).ok()?;
        Some(&mut self.0[place].1)
    }

    /// Sets the value of a name.
    pub fn insert(&mut self, name: String, value: T) {
        match self.place(&name) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (name, value)),
        }
    }

    /// Removes a name. Returns its value.
    pub fn remove(&mut self, name: &str) -> Option<T> {
        let place = self.place(name).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Returns each name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Returns the values.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Returns the values for changes.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_wherever_they_are() {
        let names = ["growth", "b", "a", "slate", "b"].map(str::to_owned);
        let mut named: Named<usize> = names.into_iter().zip(0..).collect();
        let all: Vec<_> = named.iter().collect();
        assert_eq!(all, [("a", &2), ("b", &4), ("growth", &0), ("slate", &3)]);
        for place in 0..6 {
            assert_eq!(named.at(place, "growth"), Some(&0));
            assert_eq!(named.at(place, "c"), None);
        }
        assert_eq!((named.remove("b"), named.remove("b")), (Some(4), None));
        *named.get_mut("slate").unwrap() = 7;
        assert_eq!(named.at(3, "slate"), Some(&7));
        assert_eq!(named.values().sum::<usize>(), 9);
        assert_eq!((named.len(), named.is_empty()), (3, false));
    }
}

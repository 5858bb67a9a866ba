//! Messages about names that are not known, with the nearest one that is.

/// Returns "unknown key; did you mean …?", or the list of known names if none is similar, or that there is none.
pub fn unknown<'k>(what: &str, name: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(nearest) => format!("unknown {what}; did you mean {nearest}?"),
        None if known.clone().next().is_none() => format!("unknown {what}; there is none"),
        None => {
            let known: Vec<&str> = known.collect();
            format!("unknown {what}; known: {}", known.join(", "))
        }
    }
}

/// Returns the known name that is most similar, if one is similar enough to be meant.
pub fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let distance = |known: &str| strsim::damerau_levenshtein(name, known);
    let nearest = known.min_by_key(|known| distance(known));
    nearest.filter(|nearest| distance(nearest) <= nearest.len() / 3)
}

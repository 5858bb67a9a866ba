//! Tokens with names, several a role, from one TOML file.

use std::collections::BTreeSet;
use std::io;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::role::Role;
use super::variables::{Held, TokenError};
use crate::spelling::unknown;

/// The environment variable that names the file.
pub(super) const NAMED: &str = "SAIMA_TOKENS_FILE";
/// Maximum number of tokens: each request is compared with all of them.
const MOST: usize = 1_000;
/// Maximum number of bytes of a name.
const NAME: usize = 128;
const KEYS: [&str; 3] = ["name", "role", "token"];

/// Adds the tokens of a file: `[[token]]` with `name`, `role` and `token`.
///
/// # Errors
/// Every fault, with its line; never a token.
pub(super) fn named(
    path: &str,
    content: io::Result<String>,
    tokens: &mut Vec<Held>,
) -> Result<(), TokenError> {
    let failed = |fault: String| TokenError::Named(path.to_owned(), fault);
    let text = content.map_err(|error| failed(format!("cannot be read: {error}")))?;
    let (table, errors) = DeTable::parse_recoverable(&text);
    let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    // The display of an error would show the line, and with it a token.
    let mut faults: Vec<String> = errors
        .iter()
        .map(|error| {
            let at = error.span().map_or(0, |span| span.start);
            format!("line {}: {}", line(at), error.message())
        })
        .collect();
    if faults.is_empty() {
        let mut report =
            |at: usize, fault: String| faults.push(format!("line {}: {fault}", line(at)));
        read(table.get_ref(), tokens, &mut report);
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(failed(faults.join("; ")))
    }
}

fn read(table: &DeTable<'_>, tokens: &mut Vec<Held>, report: &mut dyn FnMut(usize, String)) {
    for key in table.keys().filter(|key| key.get_ref() != "token") {
        let fault = unknown("key", key.get_ref(), ["token"].into_iter());
        report(key.span().start, fault);
    }
    let list = table
        .get("token")
        .map(|list| (list.get_ref().as_array(), list));
    let Some((Some(list), _)) = list else {
        let at = list.map_or(0, |(_, list)| list.span().start);
        report(
            at,
            "needs tables [[token]] with name, role and token".to_owned(),
        );
        return;
    };
    if list.len() > MOST {
        report(0, format!("has more than {MOST} tokens"));
        return;
    }
    let known = tokens.iter().map(|held| held.token.clone());
    let mut known: BTreeSet<Vec<u8>> = known.collect();
    for entry in list.iter() {
        let held = one(entry, report);
        let Some(held) = held else { continue };
        if !known.insert(held.token.clone()) {
            report(
                entry.span().start,
                "its token is that of another".to_owned(),
            );
        }
        tokens.push(held);
    }
}

/// Reads one token; `None` at a fault.
fn one(entry: &Spanned<DeValue<'_>>, report: &mut dyn FnMut(usize, String)) -> Option<Held> {
    let at = entry.span().start;
    let Some(table) = entry.get_ref().as_table() else {
        report(at, "must be a table with name, role and token".to_owned());
        return None;
    };
    for key in table.keys().filter(|key| !KEYS.contains(&&**key.get_ref())) {
        report(
            key.span().start,
            unknown("key", key.get_ref(), KEYS.into_iter()),
        );
    }
    let mut text = |key: &str, right: &str, is: &dyn Fn(&str) -> bool| {
        let given = table.get(key);
        let value = given.and_then(|given| given.get_ref().as_str());
        let value = value.filter(|value| is(value)).map(str::to_owned);
        if value.is_none() {
            let at = given.map_or(at, |given| given.span().start);
            report(at, format!("{key} must be {right}"));
        }
        value
    };
    let plain =
        |name: &str| (1..=NAME).contains(&name.len()) && !name.chars().any(char::is_control);
    let name = text(
        "name",
        "a text of 1 to 128 bytes without control characters",
        &plain,
    );
    let role_of = |name: &str| {
        Role::WITH_TOKEN
            .into_iter()
            .find(|role| role.name() == name)
    };
    let role = text("role", "metrics, rank, read, write or ops", &|name| {
        role_of(name).is_some()
    });
    let visible =
        |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    let token = text(
        "token",
        "of visible ASCII characters, without spaces",
        &visible,
    );
    let (name, role, token) = (name?, role_of(&role?)?, token?);
    Some(Held {
        role,
        token: token.into_bytes(),
        source: format!("{NAMED} ({name})"),
        name: Some(name.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Held>, String> {
        let mut tokens = Vec::new();
        named("t.toml", Ok(text.to_owned()), &mut tokens).map_err(|error| error.to_string())?;
        Ok(tokens)
    }

    #[test]
    fn several_tokens_share_a_role() {
        let text = "[[token]]\nname = 'mei'\nrole = 'ops'\ntoken = 'one'\n[[token]]\nname = 'mei'\nrole = 'ops'\ntoken = 'two'";
        let tokens = read(text).unwrap();
        let names: Vec<_> = tokens
            .iter()
            .map(|held| held.name.as_deref().unwrap())
            .collect();
        assert_eq!(names, ["mei", "mei"]);
        assert!(tokens.iter().all(|held| held.role == Role::Ops));
    }

    #[test]
    fn every_fault_has_its_line_and_no_token() {
        let text = "[[token]]\nname = ''\nrole = 'opps'\ntoken = 'hush hush'\nkind = 1\n[other]\n";
        let said = read(text).err().unwrap();
        for part in [
            "line 2: name",
            "line 3: role",
            "line 4: token",
            "line 5: unknown key",
            "line 6",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("hush"), "{said}");
        let torn = read("[[token]]\ntoken = 'hush").err().unwrap();
        assert!(torn.contains("line 2") && !torn.contains("hush"), "{torn}");
        assert!(read("").is_err() && read("token = 1").is_err());
        let twice = "[[token]]\nname='a'\nrole='ops'\ntoken='x'\n[[token]]\nname='b'\nrole='read'\ntoken='x'";
        assert!(read(twice).err().unwrap().contains("another"));
    }
}

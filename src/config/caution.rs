//! What a change does that is valid, but that whoever asks for it may not mean.

use serde_json::{Map, Value};

use super::fault::ConfigFault;
use crate::clock::{DAY, Time};
use crate::spelling::nearest;

/// Time until a planned change begins beyond which somebody probably meant another clock.
const FAR: i64 = 366 * DAY;

/// Returns a warning for each running experiment that a change ends, and for each new scene whose name resembles a known one.
pub(super) fn cautions(before: &Value, after: &Value) -> Vec<ConfigFault> {
    let ended = beyond(before, after, "experiment").map(|name| {
        let message = "ends; its results stay, but under this name it can only begin anew, with nobody enrolled";
        warning(format!("experiment.{name}"), message.to_owned())
    });
    let misspelt = beyond(after, before, "scene").filter_map(|name| {
        let known = nearest(name, names(before, "scene"))?;
        let message = format!("is a new scene; did you mean scene.{known}?");
        Some(warning(format!("scene.{name}"), message))
    });
    ended.chain(misspelt).collect()
}

/// Returns a warning if a planned change begins long after the time of the service.
pub(super) fn far(from: Option<Time>, now: Time) -> Option<ConfigFault> {
    let is_far = |from: &Time| from.millis() - now.millis() > FAR;
    from.filter(is_far).map(|_| {
        let message = format!("is more than a year after the time of the service, which is {now}");
        warning("from".to_owned(), message)
    })
}

/// Returns the names in a section of a view.
fn names<'v>(view: &'v Value, section: &str) -> impl Iterator<Item = &'v str> {
    let table = view[section].as_object().into_iter();
    table.flat_map(Map::keys).map(String::as_str)
}

/// Returns the names in a section of a view that another view does not have there.
fn beyond<'v>(view: &'v Value, other: &Value, section: &str) -> impl Iterator<Item = &'v str> {
    names(view, section).filter(move |name| other[section].get(name).is_none())
}

fn warning(path: String, message: String) -> ConfigFault {
    ConfigFault {
        line: 0,
        path,
        message,
    }
}

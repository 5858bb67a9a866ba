//! Query parameters: those that the route's table names, each at most once, and no others.

use super::Param;
use super::error::Problem;
use crate::model::Fault;

/// The parameters of a query by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Reads a query along the route's table.
    ///
    /// # Errors
    /// 422 with a fault for each parameter that the route does not know, and each that is given again.
    pub(super) fn read(query: Option<&str>, params: &[Param]) -> Result<Self, Problem> {
        let (mut given, mut faults) = (Self::default(), Vec::new());
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match params.iter().find(|param| param.name == name) {
                None => faults.push(Fault::new(name, unknown(params))),
                Some(param) if given.get(param.name).is_some() => {
                    faults.push(Fault::new(name, "must not be given twice"));
                }
                Some(param) => given.0.push((param.name, value.into_owned())),
            }
        }
        if faults.is_empty() {
            Ok(given)
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// The value of a parameter.
    #[must_use]
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn unknown(params: &[Param]) -> String {
    let names: Vec<&str> = params.iter().map(|param| param.name).collect();
    match names.as_slice() {
        [] => "is not a parameter: the route takes none".to_owned(),
        names => format!("is not a parameter; the route takes {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::RACE_PARAMS;
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let query = Query::read(Some("lane=skin+care%2F%E5%BA%97&limit="), RACE_PARAMS).unwrap();
        assert_eq!(query.get("lane"), Some("skin care/店"));
        assert_eq!(query.get("limit"), Some(""));
        assert_eq!(query.get("kind"), None);
        assert_eq!(Query::read(None, &[]).unwrap(), Query::default());
        assert_eq!(Query::read(Some(""), &[]).unwrap(), Query::default());
    }

    #[test]
    fn every_unknown_and_every_repeat_is_named() {
        let problem = Query::read(Some("lane=a&lanes=b&lane=c"), RACE_PARAMS).unwrap_err();
        let paths: Vec<&str> = problem.errors.iter().map(|fault| &*fault.path).collect();
        assert_eq!(paths, ["lanes", "lane"]);
        assert!(Query::read(Some("x"), &[]).is_err());
    }
}

//! Query parameters. A query may have only the parameters of its route, each at most once and within its bounds.

use super::error::Problem;
use super::param::Param;
use crate::model::schema::Shape;
use crate::model::{Fault, Limits};

/// The parameters of a query by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Reads the query of a route.
    ///
    /// # Errors
    /// 422 with a fault for each parameter that is unknown, given twice or out of its bounds.
    pub(super) fn read(
        query: Option<&str>,
        params: &[Param],
        limits: &Limits,
    ) -> Result<Self, Problem> {
        let (mut given, mut faults) = (Self::default(), Vec::new());
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match params.iter().find(|param| param.name == name) {
                None => faults.push(Fault::new(name, unknown(params))),
                Some(param) if given.get(param.name).is_some() => {
                    faults.push(Fault::new(name, "must not be given twice"));
                }
                Some(param) => {
                    faults.extend(whole_number_fault(param, &value, limits));
                    given.0.push((param.name, value.into_owned()));
                }
            }
        }
        if faults.is_empty() {
            Ok(given)
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// Returns the value of a parameter.
    #[must_use]
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the value of a parameter that is true or false; false if it is not given.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            Some("true") => Ok(true),
            Some("false") | None => Ok(false),
            Some(_) => {
                let fault = Fault::new(name, "must be true or false");
                Err(Problem::invalid(vec![fault]))
            }
        }
    }
}

/// Returns the fault of a value that should be a whole number. Other parameters are names: the handler answers 404 to an unknown one.
fn whole_number_fault(param: &Param, value: &str, limits: &Limits) -> Option<Fault> {
    let Shape::Whole(least, bound) = &param.shape else {
        return None;
    };
    let (most, name) = (bound.most(limits), bound.named());
    let only_digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse::<u64>().ok().filter(|_| only_digits);
    if number.is_some_and(|number| (*least..=most).contains(&number)) {
        return None;
    }
    let message = format!("must be a whole number from {least} to {most}{name}");
    Some(Fault::new(param.name, message))
}

fn unknown(params: &[Param]) -> String {
    let names: Vec<&str> = params.iter().map(|param| param.name).collect();
    match names.as_slice() {
        [] => "is not a parameter; the route has none".to_owned(),
        names => format!(
            "is not a parameter; the parameters of the route are {}",
            names.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::routes::RACE_PARAMS;
    use super::*;
    use crate::allocator::linear::assert_linear;

    fn read(query: Option<&str>, params: &[Param]) -> Result<Query, Problem> {
        Query::read(query, params, &Limits::default())
    }

    #[test]
    fn parameters_are_decoded() {
        let query = read(Some("lane=skin+care%2F%E5%BA%97&limit=7"), RACE_PARAMS).unwrap();
        assert_eq!(query.get("lane"), Some("skin care/店"));
        assert_eq!(query.get("limit"), Some("7"));
        assert_eq!(query.get("kind"), None);
        assert_eq!(read(None, &[]).unwrap(), Query::default());
        assert_eq!(read(Some(""), &[]).unwrap(), Query::default());
    }

    #[test]
    fn every_fault_of_a_query_is_named() {
        let query = Some("lane=a&lanes=b&lane=c&limit=0");
        let problem = read(query, RACE_PARAMS).unwrap_err();
        let paths: Vec<&str> = problem.errors.iter().map(|fault| &*fault.path).collect();
        assert_eq!(paths, ["lanes", "lane", "limit"]);
        assert!(read(Some("x"), &[]).is_err());
    }

    #[test]
    fn reading_a_query_takes_linear_time() {
        for part in ["lane=a&", "x%41=1&", "&", "limit=9+"] {
            let query = |count| part.repeat(count);
            let work = |query: &String| drop(read(Some(query), RACE_PARAMS));
            assert_linear(part, 20_000, query, work);
        }
    }
}

//! The shape of each Rust type of a view.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::shape::{Object, Shape};
use crate::clock::Time;

/// A type whose values are written in answers.
pub trait Shaped {
    /// The JSON values that it is written as.
    const SHAPE: &'static Shape;
    /// False if the member may be absent.
    const REQUIRED: bool = true;

    /// Returns true if the member is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A type that is written as an object of the OpenAPI document.
pub trait View {
    /// The object.
    const VIEW: &'static Object;
}

/// A value that is written as null if there is none, while a plain `Option` is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OrNull<T>(pub Option<T>);

/// Any JSON value.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Any(pub Value);

/// Numbers by name, in a given order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Weights(Map<String, Value>);

impl<'n> FromIterator<(&'n str, f64)> for Weights {
    fn from_iter<I: IntoIterator<Item = (&'n str, f64)>>(weights: I) -> Self {
        let weights = weights.into_iter();
        Self(
            weights
                .map(|(name, weight)| (name.to_owned(), weight.into()))
                .collect(),
        )
    }
}

impl<T: View> Shaped for T {
    const SHAPE: &'static Shape = &Shape::Object(T::VIEW);
}

impl<T: Shaped> Shaped for Option<T> {
    const SHAPE: &'static Shape = T::SHAPE;
    const REQUIRED: bool = false;

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Shaped> Shaped for OrNull<T> {
    const SHAPE: &'static Shape = &Shape::OrNull(T::SHAPE);
}

impl<T: Shaped> Shaped for Vec<T> {
    const SHAPE: &'static Shape = &Shape::List(T::SHAPE);
}

impl<T: Shaped> Shaped for &[T] {
    const SHAPE: &'static Shape = &Shape::List(T::SHAPE);
}

macro_rules! shaped {
    ($($shape:ident: $($kind:ty),+;)+) => {
        $($(impl Shaped for $kind {
            const SHAPE: &'static Shape = &Shape::$shape;
        })+)+
    };
}

shaped! {
    Text: String, &str;
    Flag: bool;
    Number: f32, f64;
    Whole: usize, u64, u32, u16;
    Time: Time;
    Weights: Weights;
    Names: BTreeMap<String, String>;
    AnyObject: &Value, Map<String, Value>;
    Any: Any;
}

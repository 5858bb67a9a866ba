//! Consistency of the table of objects.

use super::*;
use crate::model::{Vocabulary, diagnose};

#[test]
fn examples_have_no_faults() {
    let vocabulary = Vocabulary {
        recorded: false,
        scenes: vec!["default".to_owned()],
        ..Vocabulary::default()
    };
    for object in OBJECTS {
        let faults = diagnose::faults(object.example, object, &vocabulary);
        assert_eq!(faults, [], "{}", object.name);
    }
}

#[test]
fn field_names_are_unique() {
    for object in OBJECTS {
        for field in object.fields {
            let same = object.fields.iter().filter(|one| one.name == field.name);
            assert_eq!(same.count(), 1, "{}.{}", object.name, field.name);
        }
    }
}

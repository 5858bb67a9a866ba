//! Tests of the slate on plain tables: published cases, and properties of random ones.

mod golden;
mod properties;
mod table;

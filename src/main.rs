//! Saima.
fn main() {}

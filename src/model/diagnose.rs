//! Diagnose.

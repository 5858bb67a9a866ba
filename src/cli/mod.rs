//! The commands of the `saima` program.

pub mod client;
pub mod evaluate;
pub mod import;
pub mod synthetic;

mod against;
mod check;
mod command;
mod configure;
mod data;
mod decisions;
mod demo;
mod experiments;
mod live;
mod output;
mod place;
mod preview;
mod restore;
mod secrets;
mod serve;
mod shoppers;
mod signals;

pub use command::{Cli, run};

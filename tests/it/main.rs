//! Tests of the service as clients use it: the real program on a free port, over HTTP; and of the rules of its source.

#[cfg(test)]
mod alive;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod durable;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod guides;
#[cfg(test)]
mod house;
#[cfg(test)]
mod maps;
#[cfg(test)]
mod market;
#[cfg(test)]
mod mechanisms;
#[cfg(test)]
mod model;
#[cfg(test)]
mod models;
#[cfg(test)]
mod order;
#[cfg(test)]
mod overload;
#[cfg(test)]
mod reloads;
#[cfg(test)]
mod security;
#[cfg(test)]
mod service;
#[cfg(test)]
mod simulated;
mod siphash;
#[cfg(test)]
mod story;
#[cfg(test)]
mod takers;
#[cfg(test)]
mod traffic;

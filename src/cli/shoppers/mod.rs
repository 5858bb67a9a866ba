//! Shoppers for `saima demo --traffic`: they ask for a page, look at it from the top, click and buy, all through the API.
//!
//! One seed decides who comes, what is on offer to whom, and what each shopper likes; the ranking decides only what is seen. So a
//! better order earns more clicks and purchases, and two runs under the same configuration are alike.
//!
//! A shopper looks at place p with chance 1/log₂(1 + p). What is seen is clicked with chance σ(l + 1), and a click is a purchase with
//! chance σ(l), where σ is the logistic function and l = ln of what was bought before, of what sells, and of taste ([`World::liking`]).

mod session;
mod traffic;
mod world;

pub(super) use traffic::{Args, start};
pub(super) use world::World;

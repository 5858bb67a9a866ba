//! Tests of the HTTP layer over a real socket.

mod access;
mod connections;
mod facts;
mod rank;
mod routes;
mod service;

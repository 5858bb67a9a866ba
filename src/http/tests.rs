//! The edge over a real socket.

//! Times and ages as kubectl writes them.

//! The tables of `kubectl get`.

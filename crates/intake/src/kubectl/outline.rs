//! The indented text of `kubectl describe`, as a tree.

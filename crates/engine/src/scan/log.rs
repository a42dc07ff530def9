//! Container logs: units (a stack trace is one), severity, the fatal line, and what it says.

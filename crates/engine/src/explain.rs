//! What the words of Kubernetes mean: exit codes, reasons, conditions, events, our own codes.

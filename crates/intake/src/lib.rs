//! Bytes in, observations and gaps out: reads what Kubernetes and its nodes print.

pub mod kubectl;

//! Lines of node journals: kubelet, runtime, kernel, systemd.

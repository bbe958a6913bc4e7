"""Functions and objects on this machine: an embedded Lambda endpoint, its sandboxes, and a folder as object store."""

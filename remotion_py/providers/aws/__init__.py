"""Functions and objects on AWS. Empty until deployment is built."""

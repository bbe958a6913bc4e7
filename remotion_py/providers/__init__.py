"""Where functions and objects live."""

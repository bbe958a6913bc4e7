"""The code that runs inside a function: roles, planning, streaming, collecting, concatenating."""

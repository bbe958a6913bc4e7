"""The roles of a function: one module for each role, and `dispatch`, which runs them."""

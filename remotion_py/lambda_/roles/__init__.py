"""What a function can be asked for: one module for each role, and `dispatch`, which runs them."""

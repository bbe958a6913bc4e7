"""The providers: where functions run and objects are stored."""

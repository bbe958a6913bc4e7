"""How long tests wait: a limit that is reached only where something is broken, however busy the machine is."""

PATIENCE_S = 180
PATIENCE_MS = PATIENCE_S * 1000

"""Many renders of one composition: rows checked, rendered side by side, noted in a manifest, and gone on with later."""

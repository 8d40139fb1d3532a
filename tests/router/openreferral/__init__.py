"""The directory in the field's standard: what goes out, what comes in, and the public feed."""

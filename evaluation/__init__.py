"""Identity retention, measured: `python -m evaluation`. It draws through the same `VariantMaker.generate` as the button."""

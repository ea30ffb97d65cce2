"""Identity retention, measured: `python -m evaluation`. Pictures are drawn as by the button."""

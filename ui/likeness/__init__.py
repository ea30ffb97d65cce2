"""The view that says what a likeness means."""

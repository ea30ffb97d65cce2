"""Trains the embedded pack's models on its drawn world. The app never imports it."""

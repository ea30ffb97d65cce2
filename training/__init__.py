"""Draws the world of the embedded pack and trains its models. The app never imports it."""

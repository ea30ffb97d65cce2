"""Keeps what creators make. Knows no model and no page."""

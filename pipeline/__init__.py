"""Makes and judges pictures. Knows no store and no page."""

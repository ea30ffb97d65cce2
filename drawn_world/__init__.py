"""The embedded pack's own world: who lives in it, what they wear, where they are, and the artist who draws them."""

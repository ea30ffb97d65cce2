"""The story's view of the page: the cast, and the desk where new pictures are asked for."""

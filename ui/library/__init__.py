"""The library's view of the page: the gallery, a character's page, the popup to choose somebody."""

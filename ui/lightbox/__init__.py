"""Looking closely at pictures, as large as the screen allows."""

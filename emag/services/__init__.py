"""What changes rows of the eMAG adapter."""

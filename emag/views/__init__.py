"""Pages of the eMAG adapter, and the addresses that eMAG calls."""

"""Orders of the simulated marketplace: how they are made, kept to the rules, and live on."""

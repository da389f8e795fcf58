"""Pages of people, companies and marketplace accounts, one module per part."""

"""Django's PostgreSQL backend, which sends the live hints of a transaction with its commit."""

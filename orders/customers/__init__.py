"""Who buys: their list, their page, and what other pages of orders say of them."""

"""A watch of a file of orders: its rules, its folder and its page."""

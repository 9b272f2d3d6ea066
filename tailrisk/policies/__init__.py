"""What managers may do, seeing only what a manager sees."""

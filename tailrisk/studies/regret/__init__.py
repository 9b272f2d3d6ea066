"""What a policy would have been worth: recorded markets, the policies on them, and the tables of regret."""

"""When everyone does it: a policy that part of the managers follow, in a market that their trades move."""

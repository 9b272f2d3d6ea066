"""Other people's curves: published models of fire sales, written anew and compared with their own code."""

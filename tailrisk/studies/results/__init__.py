"""Results already there: what there is, one table of all, two compared, one run again, one for others."""

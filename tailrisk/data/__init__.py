"""Every reader of a user's file: what it holds is checked cell by cell before anything is computed."""

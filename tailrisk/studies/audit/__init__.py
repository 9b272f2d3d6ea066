"""The rules' audit: what a rule book changes on the same paths, together and each rule alone."""

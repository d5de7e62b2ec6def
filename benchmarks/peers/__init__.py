"""The models of the zoo beside those of other libraries, in one run."""

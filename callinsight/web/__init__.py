"""The pages: a server on the team's own machine, one file a group of pages."""

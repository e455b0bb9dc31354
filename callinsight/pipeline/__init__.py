"""Where the steps of the flow meet the store: one file a command or step."""

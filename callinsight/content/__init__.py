"""The content inventory meets demand: matches, gaps, unused assets."""

"""What a month says, as pages and files."""

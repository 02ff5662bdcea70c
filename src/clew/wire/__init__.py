"""What travels: messages, the route table, the journal's frames."""

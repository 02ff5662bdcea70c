"""One module per framework; each imports its framework where it is used."""

"""What is stored: frozen structs without I/O, SQL or HTTP."""

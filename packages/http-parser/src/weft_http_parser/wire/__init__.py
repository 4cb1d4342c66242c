"""Messages on a connection, without I/O."""

"""What needs real connections, to servers of the tests' own on loopback."""

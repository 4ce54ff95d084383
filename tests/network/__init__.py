"""Tests over real connections, to servers of their own on loopback."""

"""Tests of single modules: no sockets, no AWS, no waiting."""

"""The commands as they are typed: options, questions, and printing what the functions of `ops` return."""

"""The operator's commands: `python -m ops --help`. They are not deployed.

The modules of this package do the work: their functions return data or raise, and print nothing.
`ops.commands` is the thin layer above them: options, questions and printing.
"""

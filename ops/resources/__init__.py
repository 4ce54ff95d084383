"""The description of a stage's CloudFormation template: table, queues, alarms and dashboard.

`python -m ops.resources` (or `make resources`) writes the template to `.chalice/resources.json`, which is
committed. A test fails when that file differs from what this package generates.
"""

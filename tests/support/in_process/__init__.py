"""What the integration tests stand on: AWS, a clock, two fakes, the queues' pump, and faults."""

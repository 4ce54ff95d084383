"""The environment of the integration tests: AWS in moto, a clock, two fakes, a pump for the queues, and faults."""

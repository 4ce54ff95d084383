"""What the fuzzers stand on: API Gateway's events, what is fed, and what every answer has to be."""

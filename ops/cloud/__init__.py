"""What AWS has of a stage: small functions, each of which reads or changes one kind of resource."""

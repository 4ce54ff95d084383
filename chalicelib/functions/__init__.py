"""What the queue-triggered and scheduled functions do: one module each."""

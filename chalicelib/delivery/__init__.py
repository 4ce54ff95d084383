"""Steps that several Lambda functions and the operator's commands share."""

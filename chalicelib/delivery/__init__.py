"""Work that several functions and the operator's commands share."""

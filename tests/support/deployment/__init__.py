"""What the tests of the deployment and of its bundle share."""

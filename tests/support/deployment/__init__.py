"""Support of the tests of the deployment and of the bundle."""

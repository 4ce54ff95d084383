"""What AWS would run: the bundle under Lambda's own client, and the deployment under CloudFormation."""

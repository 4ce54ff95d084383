"""The bundle under Lambda's own runtime client, and the deployment under an emulated CloudFormation."""

"""Tests of the bridge in one process: moto for AWS, fakes for Tencent and Quick Audience, no sockets."""

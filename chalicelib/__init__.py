"""qa-sms-bridge: implements Quick Audience's third-party SMS platform API on top of Tencent Cloud SMS."""

__version__ = "1.0.0"

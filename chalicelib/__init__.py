"""qa-sms-bridge: Quick Audience's third-party SMS platform API over Tencent Cloud SMS v5."""

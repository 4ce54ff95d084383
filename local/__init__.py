"""The bridge on one machine, with stand-ins for AWS, Tencent and Quick Audience. Never deployed."""

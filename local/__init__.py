"""The bridge on one machine: AWS, Tencent and Quick Audience stood in for. Never deployed."""

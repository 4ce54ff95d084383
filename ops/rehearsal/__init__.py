"""`ops rehearse`: what can only be learned on a real account.

Each step states what it expects of AWS and what it costs, tries it, and removes what it made. The report sets the
expectations beside AWS's answers. No step needs Tencent or Quick Audience.
"""

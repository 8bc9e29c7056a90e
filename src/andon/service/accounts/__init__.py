"""Who may sign in: passwords, sessions, API tokens, the lock-out, the one-time link of the first start.

Rules are pure functions of records and a time; the database keeps the records.
"""

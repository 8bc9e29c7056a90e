"""The routes: one module a page of the console. Each parses, asks the desk or the accounts one question, and answers."""

"""The door over HTTP: API, sign-in, live updates and the built console.

A route parses, calls one verb of `project` or one function of a room, and answers. `schema` holds every shape that crosses
the wire; the console's types are made from it.
"""

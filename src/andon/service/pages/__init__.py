"""What the desk answers, page by page, from a running plant: nouns of the rooms in, shapes of the wire out."""

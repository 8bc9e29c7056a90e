"""The plant file: typed settings, parsed with file and line, written with comments; safe expressions."""

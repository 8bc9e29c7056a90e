"""A running plant: everything that `andon serve` and `andon replay` hold, wired from the plant file, and what the doors ask of it."""

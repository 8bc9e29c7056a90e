"""plant.toml -> wired rooms; the verbs that both doors call."""

"""The user's settings: one TOML file."""

"""What a backend must do: one Protocol and, where backends differ, one capability dataclass a file."""

"""See what every answer is made of, and pull anything back out everywhere, with proof."""

__version__ = "0.1.0"

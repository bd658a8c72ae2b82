"""GenTaP: generation-focused table-based intermediate pretraining."""

__version__ = "0.1.0"

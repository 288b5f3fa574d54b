"""What the figures go through after they are measured. From bench/: python3 -m unittest discover -s tests -t ."""

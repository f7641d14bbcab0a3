"""What the product costs, in ratios measured within one run: `python -m benchmarks [--quick | --full] [group …]`."""

"""Compute: inventory, queue, jobs, metering."""

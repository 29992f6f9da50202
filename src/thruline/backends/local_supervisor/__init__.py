"""The small program that runs and guards one local job."""

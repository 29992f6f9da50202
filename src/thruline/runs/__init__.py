"""Long-running work that survives its process: journal, memo, leases."""

"""What tests need: conformance suites, fakes, strategies, canaries."""

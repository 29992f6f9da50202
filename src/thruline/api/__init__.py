"""HTTP, the OpenAI-shaped gateway, MCP and the SDK client."""

"""The vendors' REST API: `/api/v1/`. docs/api.md says how to use it."""

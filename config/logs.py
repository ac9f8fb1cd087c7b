"""What the log says of requests: which page or address of the API, never whose."""

import logging


class RoutesOnly(logging.Filter):
    """Puts the route of a request, `/api/v1/people/<path:person_id>/`, where Django's line about
    a refused or failed one has its path: paths hold recruitment ids and personal links."""

    def filter(self, record: logging.LogRecord) -> bool:
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        if match is not None and isinstance(record.args, tuple) and len(record.args) == 2:
            record.args = (record.args[0], f"/{match.route}")
        return True

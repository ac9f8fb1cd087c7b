"""The floor: what the same work costs in Django with nothing around it.

Two plain views over the product's tables: one claims a place and renders the message with its
four responses and a form, the other stores the ranking. No session, no CSRF token, no drafts,
no leases to renew, no record of why; a person is a number in the address.
"""

"""A release is built."""


def build_release(release_id: int) -> None:
    raise NotImplementedError

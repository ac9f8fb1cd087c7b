"""The page on which a study is opened, paused and closed."""

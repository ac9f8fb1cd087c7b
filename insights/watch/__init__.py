"""The page that a study is watched on: one module a panel, each a read with its meaning."""

"""The annotator's pages: entry (who she is), conversation (the act), ending."""

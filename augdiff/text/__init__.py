"""Text: words, edits, and what makes them read as if a person had typed them."""

"""The one reverse step and the one sampling loop; nothing here knows what a text is."""

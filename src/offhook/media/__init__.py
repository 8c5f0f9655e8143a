"""The media plane: commands in, events out; its packets move on native threads."""

"""Comments that keep findings silent: read, obeyed, and written where somebody asks for it."""

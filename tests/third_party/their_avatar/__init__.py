"Somebody else's parts of an avatar"

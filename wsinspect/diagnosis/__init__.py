"""Why a connection ended: facts about it and its neighbours in, a sentence with a confidence out."""

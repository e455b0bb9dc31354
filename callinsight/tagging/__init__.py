"""Utterances become tags: concern, stance, ask, persona, stage, topic."""

"""Recordings and transcripts become calls, participants and utterances."""

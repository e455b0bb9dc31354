"""Which of the topics that were found anew carry on which of the old ones."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np

from callinsight.records import Topic, TopicChange
from callinsight.tagging.topics import centroids, match_centroids

if TYPE_CHECKING:
    from collections.abc import Sequence


def succeed(
    old: Sequence[Topic], new: Sequence[Topic], rebuild: int
) -> tuple[list[Topic], list[TopicChange]]:
    """The new topics, under the id of an old one that lives on in them; what became of the old."""
    cosines = centroids(old) @ centroids(new).T if old and new else np.zeros((len(old), 1))
    pairs = match_centroids(centroids(old), centroids(new)) if old and new else []
    heirs = {j: old[i] for i, j, _ in pairs}
    ids = itertools.count(min((topic.id for topic in new), default=1))
    topics = []
    for j, topic in enumerate(new):
        heir = heirs.get(j)
        if heir is None:
            topics.append(dataclasses.replace(topic, id=next(ids)))
            continue
        label = heir.label if heir.label_source == "user" else topic.label
        topics.append(
            dataclasses.replace(
                topic,
                id=heir.id,
                label=label,
                label_source=heir.label_source,
                first_seen=heir.first_seen,
            )
        )
    became = {i: topics[j].id for i, j, _ in pairs}
    partner = {i: cosine for i, _, cosine in pairs}
    changes = [
        TopicChange(
            rebuild=rebuild,
            topic=topic.id,
            became=became.get(i),
            cosine=round(partner.get(i, float(cosines[i].max())), 4),
        )
        for i, topic in enumerate(old)
    ]
    return topics, changes

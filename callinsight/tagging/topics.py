"""Topics that buyers talk about, found by BERTopic; themes that no taxonomy names."""

from __future__ import annotations

import itertools
import math
import os
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.records import Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

SEED = 42
FEWEST = 20  # fewer turns hold no themes
MANY = 3_000  # from this many turns on, density clusters (UMAP, HDBSCAN) beat k-means
DIMENSIONS = 50
SPREAD = 3  # calls; what comes up in fewer is one account's own story
NEAR = 0.45  # a turn further (cosine) from every centroid has no topic
TERMS = 8
LABEL_TERMS = 2
CANDIDATE_TERMS = 50  # by class-based tf-idf, of which the nearest to the centroid name the topic
TELLING = 0.3  # cosine to the centroid; a word further away does not name a topic
TELLING_ALONE = 0.45  # of a single word that names a topic
RELATED = 0.2  # a word further away is not shown with a topic either
STEM = 5  # letters; words that begin alike (approval, approved) say the same in a label
MIN_LETTERS = 3
WORD = re.compile(rf"\b[a-z]{{{MIN_LETTERS},}}\b")
FILLERS = (
    (
        "um uh uhm hmm mm mhm yeah yep yes no okay ok oh ah well like just really actually "
        "basically kind kinda sort sorta guess think know mean right sure got get getting gonna "
        "want wanna going lot thing things stuff bit little good great nice thanks thank hello hi "
        "hey sorry please don't doesn't didn't won't can't i'm we're it's that's there's i'd we'd "
        "i've we've you're they're i'll we'll let's said say says saying tell maybe probably "
        "honestly morning afternoon monday tuesday wednesday thursday friday saturday sunday week "
        "today tomorrow lunch coffee weather lovely dear hang suppose shall they'd he's she's "
        "he'd she'd wasn't isn't come came goes make made couple year years month months day days "
        "time people person somebody somebody's put look looks see seen talk call calls yesterday "
        "question word start end moment january february march april may june july august "
        "september october november december spring summer autumn winter o'clock hour hours "
        "minute minutes half early late later soon ago last next ever never always often big "
        "small long short old new bad worst best better full different happy fine quite mondays "
        "tuesdays wednesdays thursdays fridays weekend night evening ooh haha wonderful perfect "
        "wedding dog cat train door shop yard head eyes hand hands wife husband daughter son "
        "mother percent cent dozen hundreds thousands does did doing way page line turn honest "
        "send"
    )
    .replace("'", "")
    .split()
)  # texts are read without apostrophes
CONTRACTIONS = [
    *(
        word + end
        for word in ("i", "you", "he", "she", "it", "we", "they", "who", "what", "that", "there")
        for end in ("d", "ll", "m", "re", "s", "ve")
    ),
    *(verb + "nt" for verb in ("have", "has", "had", "do", "does", "did", "is", "are", "was")),
    *(verb + "nt" for verb in ("were", "wo", "ca", "could", "should", "would")),
]


@dataclass(frozen=True)
class TopicModel:
    """Topics, and which turn belongs to which."""

    topics: tuple[Topic, ...]
    of_turn: tuple[tuple[int | None, float], ...]  # each turn's topic and cosine to its centroid


def find_topics(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    *,
    embed: Callable[[list[str]], NDArray[np.float32]],
    calls: Sequence[str] | None = None,
    names: Iterable[str] = (),
) -> TopicModel:
    """Fit BERTopic on turns and their unit vectors [turns, 384]; the same input, the same topics.

    `embed` gives unit vectors of words; those nearest to a topic's centroid name it, as in
    BERTopic's KeyBERTInspired, and a topic that has none near is left out. `calls` says which
    call each turn is from: a theme, and a word that names it, must come up in several of them.
    `names` of people, companies and rivals stay out of the topics' labels. Too few turns, or
    turns without enough words to name a topic by, have no topics.
    """
    calls = [str(i) for i in range(len(texts))] if calls is None else calls
    plain = [_plain(text) for text in texts]
    vectorizer = _vectorizer(plain, calls, names) if len(texts) >= FEWEST else None
    if vectorizer is None:
        return TopicModel((), ((None, 0.0),) * len(texts))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from bertopic import BERTopic
    from bertopic.vectorizers import ClassTfidfTransformer

    reducer, clusters = _clusters(vectors)
    model = BERTopic(
        embedding_model=None,
        umap_model=reducer,
        hdbscan_model=clusters,
        vectorizer_model=vectorizer,
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True, bm25_weighting=True),
        top_n_words=CANDIDATE_TERMS,
        verbose=False,
    )
    found, _ = model.fit_transform(plain, vectors)
    analyze = vectorizer.build_analyzer()
    spoken = [(call, set(analyze(text))) for call, text in zip(calls, plain, strict=True)]
    terms = sorted(vectorizer.vocabulary)
    near = dict(zip(terms, embed(terms), strict=True))
    return _model(model, np.array(found), vectors, spoken, near)


def nearest_topic(
    vectors: NDArray[np.float32], topics: Sequence[Topic]
) -> list[tuple[int | None, float]]:
    """The topic whose centroid is nearest to each vector, None where none is near, and its cosine."""
    if not topics:
        return [(None, 0.0)] * len(vectors)
    centroids = np.stack([np.frombuffer(topic.centroid, dtype=np.float32) for topic in topics])
    cosines = vectors @ centroids.T
    best = cosines.argmax(axis=1)
    return [
        (topics[i].id if row[i] >= NEAR else None, round(float(row[i]), 4))
        for i, row in zip(best, cosines, strict=True)
    ]


def _plain(text: str) -> str:
    """Words of a-z and digits; BERTopic would drop other signs, and join the words around them."""
    joined = unicodedata.normalize("NFKD", text.lower().replace("’", "'").replace("'", ""))
    return re.sub(r"[^a-z0-9]+", " ", "".join(c for c in joined if not unicodedata.combining(c)))


def _vectorizer(texts: Sequence[str], calls: Sequence[str], names: Iterable[str]) -> Any:
    """Counts the terms that several calls have in common; None if they are too few."""
    from sklearn.feature_extraction.text import CountVectorizer

    analyze = _analyzer(texts, names)
    said_in = {(term, c) for text, c in zip(texts, calls, strict=True) for term in analyze(text)}
    calls_with = Counter(term for term, _ in said_in)
    terms = sorted(term for term, number in calls_with.items() if number >= SPREAD)
    # BERTopic counts in topics joined from turns: its own lower limit would drop a topic's own words
    return CountVectorizer(analyzer=analyze, vocabulary=terms) if len(terms) >= TERMS else None


def _analyzer(texts: Sequence[str], names: Iterable[str]) -> Callable[[str], list[str]]:
    """Words and pairs of words in the singular, without fillers, names and numbers."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
    from spacy.lang.en.lex_attrs import like_num

    words = {word for text in texts for word in WORD.findall(text)}
    stop = {_plain(word).replace(" ", "") for word in ENGLISH_STOP_WORDS}.union(
        FILLERS, CONTRACTIONS, _name_words(names)
    )
    dropped = stop | {word for word in words if like_num(word)}
    singular = {word: _singular(word, words) for word in words - dropped}

    def analyze(text: str) -> list[str]:
        kept = [singular[word] for word in WORD.findall(text) if word in singular]
        kept = [word for word in kept if word not in dropped]
        return kept + [f"{a} {b}" for a, b in itertools.pairwise(kept)]

    return analyze


def _singular(word: str, words: set[str]) -> str:
    """The word without its plural ending if buyers say it without one as well."""
    for plural, ending in (("ies", "y"), ("es", ""), ("s", "")):
        stem = word.removesuffix(plural)
        if stem != word and len(stem) >= MIN_LETTERS and stem + ending in words:
            return stem + ending
    return word


def _name_words(names: Iterable[str]) -> set[str]:
    words = {word for name in names for word in _plain(name).split()}
    return words | {word + "s" for word in words}


def _clusters(vectors: NDArray[np.float32]) -> tuple[Any, Any]:
    turns = len(vectors)
    if turns < MANY:
        from sklearn.cluster import KMeans
        from sklearn.decomposition import PCA

        different = len(np.unique(vectors, axis=0))
        count = min(different, int(np.clip(round(math.sqrt(turns)), 4, 60)))
        size = min(DIMENSIONS, turns - 1)
        return (
            PCA(size, random_state=SEED, svd_solver="full"),
            KMeans(count, random_state=SEED, n_init=5),
        )
    from hdbscan import HDBSCAN
    from umap import UMAP

    return (
        UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=SEED),
        HDBSCAN(min_cluster_size=max(15, turns // 250), min_samples=5),
    )


def _model(
    model: Any,
    found: NDArray[np.int_],
    vectors: NDArray[np.float32],
    spoken: Sequence[tuple[str, set[str]]],
    near: dict[str, NDArray[np.float32]],
) -> TopicModel:
    topics = []
    for topic in sorted(set(found.tolist()) - {-1}):
        centroid = vectors[found == topic].mean(axis=0)
        centroid = (centroid / np.linalg.norm(centroid)).astype(np.float32)
        inside = [spoken[i] for i in np.flatnonzero(found == topic).tolist()]
        spread = Counter(term for term, _ in {(t, call) for call, said in inside for t in said})
        cosines = {
            term: float(near[term] @ centroid)
            for term, _ in model.get_topic(topic)
            if spread[term] >= SPREAD
        }
        label, terms = _label(cosines)
        if label:
            topics.append(
                Topic(
                    id=int(topic),
                    label=", ".join(label),
                    terms=";".join(terms),
                    centroid=centroid.tobytes(),
                    size=0,
                )
            )
    return _sized(topics, vectors)


def _label(cosines: dict[str, float]) -> tuple[list[str], list[str]]:
    """The terms that name a topic, none if it does not cohere, and all that are shown with it."""
    ranked = sorted(cosines, key=lambda term: (-round(cosines[term], 4), term))
    terms = _distinct([term for term in ranked if cosines[term] >= RELATED])[:TERMS]
    label = [term for term in terms if cosines[term] >= TELLING][:LABEL_TERMS]
    if len(label) == 1 and cosines[label[0]] < TELLING_ALONE:
        return [], []
    return label, terms


def _sized(topics: Sequence[Topic], vectors: NDArray[np.float32]) -> TopicModel:
    nearest = nearest_topic(vectors, topics)
    sizes = Counter(best for best, _ in nearest)
    sized = tuple(replace(t, size=sizes[t.id]) for t in topics if sizes[t.id])
    return TopicModel(sized, tuple(nearest))


def _distinct(terms: list[str]) -> list[str]:
    """Terms without those with a word that begins like one of an earlier term."""
    kept: list[str] = []
    seen: set[str] = set()
    for term in terms:
        stems = {word[:STEM] for word in term.split()}
        if not stems & seen:
            kept.append(term)
            seen |= stems
    return kept

"""Topics that buyers talk about, found by BERTopic; themes that no taxonomy names.

A topic is a centroid. What is said belongs to the nearest, and a new fit only adds topics, so that
a topic keeps its id as calls come in.
"""

from __future__ import annotations

import functools
import itertools
import math
import os
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from callinsight.records import Topic

SEED = 42
FEWEST = 20  # fewer turns hold no themes
MANY = 3_000  # from this many turns on, density clusters (UMAP, HDBSCAN) beat k-means
DIMENSIONS = 20
STARTS = 20  # of k-means
FOLDS = 10  # a part of the deals each, left out in turn to see which themes last
LASTS = 0.6  # share of these fits in which a theme must be found again
SPREAD = 3  # deals; what comes up in fewer is one account's own story
SMALLEST = 5  # turns near the centroid; fewer are no theme
NEAR = 0.45  # a turn further (cosine) from every centroid has no topic
SAME = 0.8  # cosine of two centroids from which on they are one topic
LEANS = -0.05  # what leans less to business (small_talk.py) is small talk
THEME_LEANS = 0.0  # and so is a theme that leans less than this
MEANING = 2  # words; a turn with fewer, fillers and numbers not counted, says nothing
TERMS = 8
LABEL_TERMS = 3
CANDIDATE_TERMS = 50  # by class-based tf-idf, of which the nearest to the centroid name the topic
TELLING = 0.25  # cosine to the centroid; a word further away does not name a topic
RELATED = 0.2  # a word further away is not shown with a topic either
OWN = 0.08  # what each doubling of its share among a topic's turns adds to a word's cosine
AGREED = 2  # deals of a topic that say a word which names it
SAID = 0.06  # share of a topic's turns that do
COMMON = 0.25  # a word that so many of its turns say may name it, however common it is elsewhere
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
        "christmas mrs till sit sat let usually use used number numbers close wedding head eyes "
        "hand hands wife husband daughter son mother percent cent dozen hundreds thousands does did doing "
        "way turn honest send roughly total"
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
class Theme:
    """What a cluster of turns is about; it becomes a topic with an id."""

    label: str
    terms: str  # separated by ;
    centroid: NDArray[np.float32]


def find_themes(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    *,
    embed: Callable[[list[str]], NDArray[np.float32]],
    lean: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    deals: Sequence[str],
    names: Iterable[str] = (),
) -> list[Theme]:
    """Fit BERTopic on turns and their unit vectors [turns, 384]; the same input, the same themes.

    `embed` gives unit vectors of words; those nearest to a theme's centroid name it, much as in
    BERTopic's KeyBERTInspired, and a theme that has none near is left out. `lean` says how far
    vectors lean to business, see small_talk.py. `deals` says which deal each turn is from: a
    theme, and a word that names it, must come up in several of them. `names` of people, companies
    and rivals stay out of the labels. Large themes come first.
    """
    chosen = _different(texts, deals)
    texts, deals = [texts[i] for i in chosen], [deals[i] for i in chosen]
    plain = [_plain(text) for text in texts]
    vectorizer = _vectorizer(plain, deals, names) if len(texts) >= FEWEST else None
    if vectorizer is None:
        return []
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from bertopic import BERTopic
    from bertopic.vectorizers import ClassTfidfTransformer

    reducer, clusters = _clusters(vectors[chosen])
    model = BERTopic(
        embedding_model=None,
        umap_model=reducer,
        hdbscan_model=clusters,
        vectorizer_model=vectorizer,
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True, bm25_weighting=True),
        top_n_words=CANDIDATE_TERMS,
        verbose=False,
    )
    found, _ = model.fit_transform(plain, vectors[chosen])
    if alike := _alike(np.array(found), vectors[chosen]):
        model.merge_topics(plain, alike)
        found = model.topics_
    candidates = {
        cluster: [term for term, _ in model.get_topic(cluster) if term]
        for cluster in sorted(set(found) - {-1})
    }
    analyze = vectorizer.build_analyzer()
    said = [(deal, frozenset(analyze(text))) for deal, text in zip(deals, plain, strict=True)]
    return _themes(
        np.array(found),
        vectors[chosen],
        candidates,
        said,
        embed=embed,
        lean=lean,
    )


def nearest_topic(
    vectors: NDArray[np.float32], topics: Sequence[Topic]
) -> list[tuple[int | None, float]]:
    """The topic whose centroid is nearest to each vector, None where none is near, and its cosine."""
    if not topics:
        return [(None, 0.0)] * len(vectors)
    cosines = vectors @ centroids(topics).T
    best = cosines.argmax(axis=1)
    return [
        (topics[i].id if row[i] >= NEAR else None, round(float(row[i]), 4))
        for i, row in zip(best, cosines, strict=True)
    ]


def centroids(topics: Sequence[Topic]) -> NDArray[np.float32]:
    """Unit vectors [topics, 384]."""
    return np.stack([np.frombuffer(topic.centroid, dtype=np.float32) for topic in topics])


def centroid_of(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The unit vector in the middle of unit vectors [n, 384]."""
    middle = vectors.mean(axis=0)
    centroid: NDArray[np.float32] = (middle / np.linalg.norm(middle)).astype(np.float32)
    return centroid


def match_centroids(
    old: NDArray[np.float32], new: NDArray[np.float32]
) -> list[tuple[int, int, float]]:
    """Which old centroid is which new one: (old, new, cosine), each at most once.

    The pairing with the largest sum of cosines (Kuhn 1955), pairs below `SAME` left out.
    """
    from scipy.optimize import linear_sum_assignment

    if not len(old) or not len(new):
        return []
    cosines = old @ new.T
    rows, columns = linear_sum_assignment(cosines, maximize=True)
    pairs = [(int(i), int(j), float(cosines[i, j])) for i, j in zip(rows, columns, strict=True)]
    return [pair for pair in pairs if pair[2] >= SAME]


def says_something(text: str) -> bool:
    """Whether a turn has words with a meaning of their own: no fillers, no numbers."""
    from spacy.lang.en.lex_attrs import like_num

    words = set(WORD.findall(_plain(text))) - _stop_words()
    return sum(not like_num(word) for word in words) >= MEANING


def _different(texts: Sequence[str], deals: Sequence[str]) -> list[int]:
    """The first of turns that are the same words in the same deal."""
    first: dict[tuple[str, str], int] = {}
    for i, key in enumerate(zip(texts, deals, strict=True)):
        first.setdefault(key, i)
    return list(first.values())


def _plain(text: str) -> str:
    """Words of a-z and digits; BERTopic would drop other signs, and join the words around them."""
    joined = unicodedata.normalize("NFKD", text.lower().replace("’", "'").replace("'", ""))
    return re.sub(r"[^a-z0-9]+", " ", "".join(c for c in joined if not unicodedata.combining(c)))


def _vectorizer(texts: Sequence[str], deals: Sequence[str], names: Iterable[str]) -> Any:
    """Counts the terms that several deals have in common; None if they are too few."""
    from sklearn.feature_extraction.text import CountVectorizer

    analyze = _analyzer(texts, names)
    said_in = {(term, d) for text, d in zip(texts, deals, strict=True) for term in analyze(text)}
    deals_with = Counter(term for term, _ in said_in)
    terms = sorted(term for term, number in deals_with.items() if number >= SPREAD)
    # BERTopic counts in topics joined from turns: its own lower limit would drop a topic's own words
    return CountVectorizer(analyzer=analyze, vocabulary=terms) if len(terms) >= TERMS else None


def _analyzer(texts: Sequence[str], names: Iterable[str]) -> Callable[[str], list[str]]:
    """Words and pairs of words in the singular, without fillers, names and numbers."""
    from spacy.lang.en.lex_attrs import like_num

    words = {word for text in texts for word in WORD.findall(text)}
    dropped = _stop_words() | _name_words(names) | {word for word in words if like_num(word)}
    singular = {word: _singular(word, words) for word in words - dropped}

    def analyze(text: str) -> list[str]:
        kept = [singular[word] for word in WORD.findall(text) if word in singular]
        kept = [word for word in kept if word not in dropped]
        return kept + [f"{a} {b}" for a, b in itertools.pairwise(kept)]

    return analyze


@functools.cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    english = {_plain(word).replace(" ", "") for word in ENGLISH_STOP_WORDS}
    return frozenset(english.union(FILLERS, CONTRACTIONS))


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
    if len(vectors) < MANY:
        return _reducer(vectors), _k_means(vectors, SEED)
    from hdbscan import HDBSCAN
    from umap import UMAP

    return (
        UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=SEED),
        HDBSCAN(min_cluster_size=max(15, len(vectors) // 250), min_samples=5),
    )


def _reducer(vectors: NDArray[np.float32]) -> Any:
    """Main directions, with lengths of 1 again: k-means then goes by angles."""
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    size = min(DIMENSIONS, len(vectors) - 1)
    return make_pipeline(PCA(size, random_state=SEED, svd_solver="full"), Normalizer())


def _k_means(vectors: NDArray[np.float32], seed: int) -> Any:
    from sklearn.cluster import KMeans

    different = len(np.unique(vectors, axis=0))
    count = min(different, int(np.clip(round(math.sqrt(2 * len(vectors))), 4, 60)))
    return KMeans(count, random_state=seed, n_init=STARTS)


def _alike(clusters: NDArray[np.int_], vectors: NDArray[np.float32]) -> list[list[int]]:
    """Groups of clusters that are the same topic by their centroids; the most alike join first."""
    groups = [[cluster] for cluster in sorted(set(clusters.tolist()) - {-1})]
    while len(groups) > 1:
        middles = np.stack([centroid_of(vectors[np.isin(clusters, group)]) for group in groups])
        cosines = np.triu(middles @ middles.T, k=1)
        i, j = np.unravel_index(cosines.argmax(), cosines.shape)
        if cosines[i, j] < SAME:
            break
        groups[int(i)] += groups.pop(int(j))
    return [group for group in groups if len(group) > 1]


def _lasting(
    middles: NDArray[np.float32], vectors: NDArray[np.float32], deals: Sequence[str]
) -> NDArray[np.float64]:
    """How often each cluster is found again when a tenth of the deals is left out (Hennig 2007)."""
    if len(vectors) >= MANY:  # density has left out what does not last
        return np.ones(len(middles))
    fold_of = {deal: number % FOLDS for number, deal in enumerate(sorted(set(deals)))}
    folds = np.array([fold_of[deal] for deal in deals])
    found = np.zeros(len(middles))
    for fold in range(FOLDS):
        kept = vectors[folds != fold]
        if len(kept) < FEWEST:
            continue
        clusters = _k_means(kept, SEED + 1 + fold).fit_predict(_reducer(kept).fit_transform(kept))
        for group in _alike(clusters, kept):
            clusters[np.isin(clusters, group)] = group[0]
        again = np.stack([centroid_of(kept[clusters == c]) for c in sorted(set(clusters))])
        for i, _, _ in match_centroids(middles, again):
            found[i] += 1
    return found / FOLDS


def _themes(
    found: NDArray[np.int_],
    vectors: NDArray[np.float32],
    candidates: dict[int, list[str]],
    said: Sequence[tuple[str, frozenset[str]]],
    *,
    embed: Callable[[list[str]], NDArray[np.float32]],
    lean: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> list[Theme]:
    """The clusters that are about something, each named by those of its terms that tell it."""
    candidates = {
        cluster: list(dict.fromkeys([*words, *_common(said, np.flatnonzero(found == cluster))]))
        for cluster, words in candidates.items()
    }
    terms = sorted(set(itertools.chain.from_iterable(candidates.values())))
    meaning = dict(zip(terms, embed(terms), strict=True))
    overall = Counter(itertools.chain.from_iterable(terms for _, terms in said))
    deals = [deal for deal, _ in said]
    middles = np.stack([centroid_of(vectors[found == cluster]) for cluster in candidates])
    lasting = _lasting(middles, vectors, deals) >= LASTS
    leaning = lean(middles) >= THEME_LEANS
    themes = []
    for (cluster, words), centroid, good in zip(
        candidates.items(), middles, lasting & leaning, strict=True
    ):
        inside = np.flatnonzero(found == cluster)
        near = [i for i in inside.tolist() if vectors[i] @ centroid >= NEAR]
        own = Counter(itertools.chain.from_iterable(said[i][1] for i in inside.tolist()))
        spread = Counter(
            t for t, _ in {(t, said[i][0]) for i in inside.tolist() for t in said[i][1]}
        )
        least = SAID * len(inside)
        cosines = {
            t: float(meaning[t] @ centroid)
            for t in words
            if spread[t] >= AGREED and own[t] >= least
        }
        gain = {t: own[t] / len(inside) / (overall[t] / len(said)) for t in cosines}
        label, shown = _label(cosines, gain)
        wide = len(near) >= SMALLEST and len({said[i][0] for i in near}) >= SPREAD
        if label and wide and good:
            themes.append((len(near), Theme(", ".join(label), ";".join(shown), centroid)))
    return [theme for _, theme in sorted(themes, key=lambda row: (-row[0], row[1].label))]


def _common(said: Sequence[tuple[str, frozenset[str]]], inside: NDArray[np.int_]) -> list[str]:
    """The terms of many turns of a cluster; BERTopic passes over those that all clusters share."""
    own = Counter(itertools.chain.from_iterable(said[i][1] for i in inside.tolist()))
    return sorted(term for term, number in own.items() if number >= COMMON * len(inside))


def _label(cosines: dict[str, float], gain: dict[str, float]) -> tuple[list[str], list[str]]:
    """The terms that name a theme, none if it does not cohere, and all that are shown with it.

    Near to what is said, and said more here than elsewhere, goes first.
    """
    weights = {term: round(cosines[term] + OWN * math.log2(gain[term]), 4) for term in cosines}
    ranked = sorted(cosines, key=lambda term: (-weights[term], term))
    terms = _distinct([term for term in ranked if cosines[term] >= RELATED])[:TERMS]
    return [term for term in terms if cosines[term] >= TELLING][:LABEL_TERMS], terms


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

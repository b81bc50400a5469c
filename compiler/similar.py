"""The closest known words to a word that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 3
_MOST_TRIED = 300


def closest(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return up to three known words by edit distance, none further away than a third of the word."""
    limit = max(1, (len(word) + 2) // 3)
    near = []
    letters, tried = set(word.lower()), 0
    for candidate in dict.fromkeys(known):
        short, long = sorted((word.lower(), candidate.lower()), key=len)
        starts = len(short) > 2 and long.startswith(short)
        # An edit changes the length by one letter and the set of letters by two, at most.
        is_far = abs(len(candidate) - len(word)) > limit or len(letters ^ set(candidate.lower())) > 2 * limit
        if (is_far and not starts) or tried >= _MOST_TRIED:
            continue
        tried += 1
        edits = distance(word, candidate)
        if edits <= limit or starts:
            near.append((not starts, edits, candidate))
    return tuple(candidate for _, _, candidate in sorted(near)[:MOST])


def did_you_mean(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return one line of help, such as "did you mean `embedding`?"; nothing if no word is near."""
    near = [f"`{name}`" for name in closest(word, known)]
    if not near:
        return ()
    return (f"did you mean {' or '.join((', '.join(near[:-1]), near[-1]) if len(near) > 1 else near)}?",)


def listing(names: Iterable[str]) -> str:
    """Return names in back quotes with commas between them, the first twelve."""
    all_names = [f"`{name}`" for name in names]
    more = f" and {len(all_names) - 12} more" if len(all_names) > 12 else ""
    return ", ".join(all_names[:12]) + more


def distance(left: str, right: str) -> int:
    """Return the edits (insert, delete, replace, swap of neighbours) between two words, in any case of letters."""
    left, right = left.lower(), right.lower()
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]

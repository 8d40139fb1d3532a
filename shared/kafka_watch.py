"""Finds the consumer that is stuck: records wait, and the group's place does not move."""

from collections.abc import Mapping, Set

from aiokafka import TopicPartition


class Stall:
    """Remembers since when each partition has had records waiting at an unchanged place.

    It looks at every partition of the topic, not only at those a consumer believes it owns: after a broker lost its
    data, groups have been seen that looked healthy and left half of the partitions to nobody.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._since: dict[TopicPartition, tuple[int, float]] = {}

    def stuck(self, places: Mapping[TopicPartition, tuple[int, int]], in_hand: Set[int], now: float) -> bool:
        """Whether a partition has stood still for too long at the instant `now` (in seconds).

        `places` holds the committed and the end offset of each partition, `in_hand` the numbers of those that the
        batch being handled comes from.
        """
        for partition, (committed, end) in places.items():
            place, _ = self._since.get(partition, (-1, now))
            if committed >= end or committed != place or partition.partition in in_hand:
                self._since[partition] = (committed, now)
        return any(now - since > self._patience_s for _, since in self._since.values())

    def forget(self) -> None:
        """Begin anew."""
        self._since.clear()

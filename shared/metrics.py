"""Every number the program tells of itself: a closed vocabulary, so that dashboards and alarms can rely on it."""

from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

# done: handled now · duplicate: handled before · reissued: a swept duplicate, answered with all told of its subject ·
# parked: waits behind an earlier event of its key · retry: failed, will be tried again · dead: failed for good ·
# passed_over: of a type this service does not handle.
Outcome = Literal["done", "duplicate", "reissued", "parked", "retry", "dead", "passed_over"]

# -- HTTP --------------------------------------------------------------------------------------------------------------

HTTP_SECONDS = Histogram("waymark_http_seconds", "Answering a request.", ["method", "path", "status"])

# -- outbox ------------------------------------------------------------------------------------------------------------

OUTBOX_WAITING = Gauge("waymark_outbox_waiting", "Events stored but not yet published.", ["service"])
OUTBOX_OLDEST_AGE_SECONDS = Gauge(
    "waymark_outbox_oldest_age_seconds", "Age of the oldest event not yet published: the first alarm.", ["service"]
)
OUTBOX_PUBLISHED = Counter("waymark_outbox_published", "Events that left the outbox.", ["service"])
OUTBOX_FAILURES = Counter("waymark_outbox_failures", "Times an event could not leave.", ["service"])
OUTBOX_REISSUED = Counter("waymark_outbox_reissued", "Events handed out again to answer a sweep.", ["service"])
RELAY_IS_LEADER = Gauge("waymark_relay_is_leader", "1 where this process publishes the outbox.", ["service"])

# -- inbox -------------------------------------------------------------------------------------------------------------

INBOX_VERDICTS = Counter("waymark_inbox_verdicts", "Verdicts on received events.", ["service", "type", "outcome"])
INBOX_SECONDS = Histogram(
    "waymark_inbox_seconds", "From taking an event up to its durable verdict.", ["service", "type"]
)
INBOX_OPEN = Gauge("waymark_inbox_open", "Events to be tried again (retry), or failed (dead).", ["service", "state"])
INBOX_OLDEST_RETRY_AGE_SECONDS = Gauge(
    "waymark_inbox_oldest_retry_age_seconds", "Age of the oldest event that is being tried again.", ["service"]
)
MESSAGES_PURGED = Counter("waymark_messages_purged", "Outbox and inbox rows deleted after their time.", ["service"])

# -- transport and loops -----------------------------------------------------------------------------------------------

BROKER_UP = Gauge("waymark_broker_up", "1 while the broker answers.")
CONSUMER_LAG = Gauge("waymark_consumer_lag", "Records a consumer is behind, all partitions together.", ["consumer"])
CONSUMER_RESTARTS = Counter("waymark_consumer_restarts", "Restarts of consumers that were stuck.", ["consumer"])
LOOP_FAILURES = Counter("waymark_loop_failures", "Steps of background work that failed.", ["loop"])

# -- messages to partners ----------------------------------------------------------------------------------------------

OLDEST_UNSENT_AGE_SECONDS = Gauge(
    "waymark_oldest_unsent_age_seconds", "Age of the oldest message that should have left.", ["priority"]
)
MESSAGES_UNSENT = Gauge("waymark_messages_unsent", "Messages that have not left yet.", ["channel"])
HOLDS_STANDING = Gauge("waymark_holds_standing", "Reasons why messages are held back, by who made them.", ["kind"])

"""Metrics for Prometheus: what was answered, how fast, and what waits.

A label is never taken from a request: its values are a closed set, or names of coupons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from dealpos_reconciler.core.provider.lookup import name_counter
from dealpos_reconciler.provider.service import Answer, Call

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"reconciler_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"reconciler_{name}", text, labels, registry=registry)

        def seconds(name: str, text: str) -> Histogram:
            return Histogram(f"reconciler_{name}", text, buckets=_SECONDS, registry=registry)

        self.validate_seconds = seconds("validate_seconds", "Time to answer Validate Coupon.")
        self.redeem_seconds = seconds("redeem_seconds", "Time to answer Redeem Coupon.")
        self.validate = counter(
            "validate_total", "Validate Coupon calls by answer and reason.", "answer", "reason"
        )
        self.redeem = counter("redeem_total", "Redeem Coupon calls by result.", "result")
        self.hook = counter("hook_total", "Webhooks by family and result.", "hook", "result")
        self.hook_turn = gauge("hook_turn", "1 if this server follows the webhooks, 0 if another.")
        self.hook_queue_length = gauge("hook_queue_length", "Objects of webhooks not read yet.")
        self.hook_reads = counter("hook_reads_total", "Requests to DealPOS because of webhooks.")
        self.hook_readings = counter(
            "hook_readings_total", "Audits because of webhooks, by result.", "result"
        )
        self.drift_found = counter("drift_found_total", "Drift that webhooks told of.", "state")
        self.drift = gauge("drift", "Objects that are known to differ, by state.", "state")
        self.notifications = counter(
            "notifications_total", "Notifications by result of an attempt.", "result"
        )
        self.denied = counter(
            "denied_total", "Calls without the secret, from a wrong network or path.", "reason"
        )
        self.limited = counter("limited_total", "Calls answered 429, by what was limited.", "limit")
        self.outlets_closed = counter(
            "outlets_closed_total", "Outlets closed for a minute after too many refusals."
        )
        self.overloaded = counter("overloaded_total", "Calls answered 503 at once: too many.")
        self.errors = counter("errors_total", "Unforeseen errors while a call was answered.")
        self.log_lines_lost = counter("log_lines_lost_total", "Log lines not written.")
        self.in_flight = gauge("in_flight", "Calls that are being answered.")
        self.release_number = gauge("release_number", "Release that is served; 0 without one.")
        self.release_refused = gauge(
            "release_refused", "1 while the newest release cannot be loaded and the old is served."
        )
        self.store_up = gauge("store_up", "1 if the store was written and read in time.")
        self.commit_seconds = seconds("commit_seconds", "Time of one commit in the store.")
        self.queue_length = gauge("queue_length", "Calls that wait for the store.")
        self.spool_length = gauge("spool_length", "Sales in the spool that wait for the store.")
        self.last_settle = gauge(
            "last_settle_timestamp_seconds", "Time of the last settlement; 0 before the first."
        )
        self.coupon_used = gauge(
            "coupon_used", "Uses of a coupon, of all codes of a batch.", "code"
        )
        self.coupon_held = gauge("coupon_held", "Uses promised to tills at present.", "code")
        self.coupon_limit = gauge("coupon_limit", "Uses that a coupon allows.", "code")

    def count_answer(self, call: str, answer: Answer, seconds: float) -> None:
        """Count one answer; `call` names the operation by its address."""
        if call not in get_args(Call):
            self.hook.labels(call, answer.result).inc()
        elif answer.call == "redeem":
            self.redeem.labels(answer.result).inc()
            self.redeem_seconds.observe(seconds)
        else:
            self.validate.labels(answer.result, answer.reason).inc()
            self.validate_seconds.observe(seconds)

    def set_coupons(
        self,
        used: Mapping[str, int],
        held: Mapping[str, int],
        limits: Mapping[str, int],
        names: Mapping[str, str],
    ) -> None:
        """Set the counts of each coupon with a name; those that are not named any more go."""
        for metric, values in (
            (self.coupon_used, used),
            (self.coupon_held, held),
            (self.coupon_limit, limits),
        ):
            metric.clear()
            for code, value in values.items():
                if name := name_counter(code, names):
                    metric.labels(name).set(value)

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self.registry)

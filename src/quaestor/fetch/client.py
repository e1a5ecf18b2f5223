"""One request on its whole way: signed, let through, sent, sent again, and its refusal made an error.

Before: `fetch.pages` or `run` has a request. After: it has a response that is a success, or an exception. A client is
for one connection, and so for one origin; governor and transport are shared by all.
"""

from __future__ import annotations

from quaestor.errors import ProviderError, TransportError
from quaestor.fetch.failure import failure, secrets_in
from quaestor.fetch.governor import Governor
from quaestor.fetch.retry import RetryPolicy, backoff, may_repeat, rate_limit, told_wait
from quaestor.secrets import Redactor, Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from quaestor.catalog.model import Method, Provider
    from quaestor.errors import ForbiddenError
    from quaestor.fetch.auth import Authenticator
    from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse, Transport
    from quaestor.fetch.stats import Stats

__all__ = ["Client", "Governor"]

#: How often one request is signed anew: once for a nonce, once for a token that had ended, once for the clock.
RENEWALS = 3


class Client:
    """Sends the requests of one connection; thread safe.

    Args:
        provider: for the name of its request id header.
        redactor: knows the secrets to mask in messages.
        policy: when to send again; unless it is given, its total wait is 120 s or the governor's `max_wait_s`.
        random: numbers from 0 to 1 for the jitter of delays.
    """

    def __init__(
        self,
        transport: Transport,
        authenticator: Authenticator,
        governor: Governor,
        *,
        provider: Provider | None = None,
        redactor: Redactor | None = None,
        policy: RetryPolicy | None = None,
        random: Callable[[], float] | None = None,
    ) -> None:
        self._transport = transport
        self._authenticator = authenticator
        self._account = authenticator.account
        self._governor = governor
        self._request_id_header = provider.request_id_header if provider is not None else ""
        self._redactor = redactor or Redactor()
        self._policy = policy or RetryPolicy(total_s=max(RetryPolicy().total_s, governor.max_wait_s))
        self._random = random

    def send(self, method: Method, request: HttpRequest, cancel: CancelToken, stats: Stats) -> HttpResponse:
        """The response of a success: 2xx, or the status that the method documents.

        Raises ProviderError for what the API refuses, TransportError, RateLimitError for a wait that is too long,
        LimitError for a request beyond the statement's `max_requests` (`Stats` counts), ForbiddenError for another
        origin or a redirect, Cancelled.
        """
        waited = 0.0
        attempt = renewals = 0
        while True:
            self._authenticator.prepare(method, cancel, stats)
            signed = self._authenticator.sign(request, method)
            outcome = self._attempt(signed, cancel, stats)
            status = 0
            if not isinstance(outcome, TransportError):
                if _is_success(outcome, method):
                    self._governor.succeeded(self._account, repeated=attempt > 0)
                    return outcome
                if renewals < RENEWALS and self._authenticator.renewed(signed, outcome):
                    renewals += 1  # refused for its signature: nothing was done, and the next one is another
                    continue
                status = outcome.status
            attempt += 1
            told, delay = self._delay(outcome, attempt)
            repeats = may_repeat(request, outcome) and attempt < self._policy.attempts
            # a limit's reset is bounded by max_wait_s each time, and by the statement's deadline
            counted = 0.0 if status == 429 and told > 0 else delay
            if not repeats or told > self._governor.max_wait_s or waited + counted > self._policy.total_s:
                raise self._error(method, request, outcome, told if repeats else 0.0)
            if self._governor.clock.monotonic() + delay > cancel.deadline:
                raise self._error(method, request, outcome, told or delay)
            if not self._governor.may_retry(self._account, timed_out=not status):
                raise self._error(method, request, outcome, 0.0, is_storm=True)
            self._governor.clock.sleep(delay, cancel)
            waited += counted
            stats.add(retries=1, wait_s=delay)

    def _delay(self, outcome: HttpResponse | TransportError, attempt: int) -> tuple[float, float]:
        """How long the server asks to wait, and how long we do."""
        told = 0.0 if isinstance(outcome, TransportError) else told_wait(outcome, self._governor.clock.time())
        return told, max(told, backoff(self._policy, attempt, self._random or _system_random()))

    def _attempt(self, signed: HttpRequest, cancel: CancelToken, stats: Stats) -> HttpResponse | TransportError:
        """What came of sending it once; the governor learns from it."""
        bucket = signed.bucket or signed.method
        permit = self._governor.permit(self._account, bucket, cancel, stats)
        limit = None
        refused = False
        wait_s = 0.0
        try:
            stats.add(requests=1)
            response = self._transport.send(signed, cancel.in_flight)
            now = self._governor.clock.time()
            limit = rate_limit(response, now)
            refused = response.status == 429
            wait_s = told_wait(response, now)
        except TransportError as error:
            return error
        finally:
            permit.done(limit, refused=refused, wait_s=wait_s)
        stats.add(bytes_received=len(response.body))
        if limit is not None and limit.limit > 0:
            stats.note_bucket(bucket, limit.remaining)
        return response

    def _error(
        self,
        method: Method,
        request: HttpRequest,
        outcome: HttpResponse | TransportError,
        told: float,
        *,
        is_storm: bool = False,
    ) -> ProviderError | TransportError | ForbiddenError:
        """The error for an outcome.

        Args:
            told: the wait that the server asked for and that was too long.
            is_storm: no repetition is left in the host's budget.
        """
        for value in secrets_in(method, request.url):
            self._redactor.add(Secret(value))
        storm = "so many requests to this host failed that none is repeated any more; try again when it is well"
        if isinstance(outcome, TransportError):
            if is_storm:
                outcome.hint = storm
            outcome.message = self._redactor.mask(outcome.message)
            outcome.args = (outcome.message,)
            return outcome
        error = failure(
            method,
            request,
            outcome,
            self._redactor,
            request_id_header=self._request_id_header,
            sources=self._authenticator.sources,
        )
        if is_storm:
            error.hint = storm
        elif told > 0 and isinstance(error, ProviderError):
            too_long = told > self._governor.max_wait_s
            allows = (
                f"--max-wait allows {self._governor.max_wait_s:g} s" if too_long else "--timeout comes before that"
            )
            error.hint = (
                f"the server asks to wait until {self._governor.time_after(told)}, {told:.0f} s from now; {allows}"
            )
        return error


def _is_success(response: HttpResponse, method: Method) -> bool:
    return 200 <= response.status < 300 or response.status == method.response.status


def _system_random() -> Callable[[], float]:
    from random import random  # 5 ms that only a request in trouble needs

    return random

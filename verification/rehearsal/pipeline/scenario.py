"""The rehearsal itself: applications, traffic, an error burst, and the verdicts about them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

from signals import uids
from verification.dashboards import panel_checks
from verification.rehearsal.pipeline import alert_checks, collectors, signal_checks
from verification.rehearsal.pipeline.alert_checks import Heard
from verification.rehearsal.pipeline.app_traffic import Chain, Traffic, every_kind
from verification.rehearsal.pipeline.collector_samples import Sampler
from verification.rehearsal.pipeline.grafana_checks import grafana_has_everything
from verification.rehearsal.pipeline.local_pipeline import Pipeline
from verification.rehearsal.pipeline.metrics_backend import QUICK
from verification.rehearsal.pipeline.received_telemetry import Arrived, read
from verification.rehearsal.pipeline.sample_apps import (
    LANGUAGES,
    Language,
    SampleApp,
    SampleAppUnavailableError,
    prepare,
    started_chain,
)
from verification.rehearsal.prometheus_api import QueryError
from verification.rehearsal.verdicts import (
    CheckFailedError,
    NotCheckedError,
    Verdict,
    Verdicts,
    expect,
)

Say = Callable[[str], None]

SDK = {
    # Batches of half a second, so that the rehearsal need not wait for the SDKs' five and sixty.
    "OTEL_BSP_SCHEDULE_DELAY": "500",
    "OTEL_BLRP_SCHEDULE_DELAY": "500",
    "OTEL_METRIC_EXPORT_INTERVAL": "1000",
}
"""In the environment of the applications, besides what their manifests say."""

SETTLE_SECONDS = 180
"""How long what was sent may take to be found."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long the phases take, in seconds at least; the waits for alerts are limits."""

    healthy: float = 20
    burst_limit: float = 60
    resolve_limit: float = 90
    each_kind: int = 3


@dataclass
class Rehearsal:
    """What the phases share."""

    pipeline: Pipeline
    verdicts: Verdicts
    say: Say
    app_stages: Sequence[str]
    alert_stage: str
    timing: Timing
    applications: list[str] = field(default_factory=list)
    began: float = 0.0

    def run(self, sampler: Sampler) -> None:
        """Start the applications, send traffic, and judge what arrived."""
        apps = prepared_apps(self.verdicts)
        if not apps:
            raise CheckFailedError("no sample application can be run here")
        self.applications = [app.service_name for app in apps]
        with self._chains(apps) as chains:
            self._converse(chains, sampler)

    @contextmanager
    def _chains(self, apps: Sequence[SampleApp]) -> Iterator[list[Chain]]:
        with ExitStack() as exits:
            chains = []
            for stage in self.app_stages:
                folder = self.pipeline.folder / f"apps-{stage}"
                folder.mkdir()
                running = exits.enter_context(
                    started_chain(
                        apps,
                        otlp_endpoint=self.pipeline.gateways[stage].url(collectors.OTLP_HTTP),
                        folder=folder,
                        environment=SDK,
                    )
                )
                urls = {app.service_name: running[app.language].url for app in apps}
                chains.append(Chain(stage=stage, urls=urls))
                self.say(f"{stage}: {' -> '.join(urls)}")
            yield chains

    def _converse(self, chains: Sequence[Chain], sampler: Sampler) -> None:
        self.began = time.time()
        traffic = Traffic(chains)
        traffic.start()
        try:
            self._pod_logs()
            sampler.mark("traffic")
            self.say(f"traffic for {self.timing.healthy:g} s")
            time.sleep(self.timing.healthy)
            self._burst(traffic, sampler)
            sampler.mark("slow and failing requests")
            traffic.once(every_kind(chains, self.timing.each_kind))
            # A rate needs several samples after the last of them.
            time.sleep(4)
            asked_at = time.time()
        finally:
            traffic.stop()
        sampler.mark("end of traffic")
        self._judge(chains, traffic)
        self._dashboards(asked_at)

    # --- Phases ---------------------------------------------------------------------------------

    def _pod_logs(self) -> None:
        for stage in self.pipeline.settings.stages:
            collectors.append_pod_log(
                self.pipeline.agent_folder, stage, "web-0", f"F a line of a pod in {stage}"
            )

    def _burst(self, traffic: Traffic, sampler: Sampler) -> None:
        settings, prometheus = self.pipeline.settings, self.pipeline.prometheus
        stage, service = self.alert_stage, self.applications[0]
        people = self.pipeline.alertmanager
        dashboards = panel_checks.uids(self.pipeline.stack)

        def heard() -> Heard:
            return Heard(slack=people.slack(), mails=list(people.mails))

        before = prometheus.alerts()
        sampler.mark("error burst")
        self.say(f"every second request to {service} in {stage} fails")
        traffic.fail_in(stage, on=True)
        wait_until(
            lambda: (
                bool(alert_checks.firing(prometheus.alerts(), stage))
                and alert_checks.is_told(heard(), stage, fires=True)
            ),
            self.timing.burst_limit,
        )
        during = prometheus.alerts()
        others = [other for other in settings.stages if other != stage]
        self.verdicts.run(
            "alerts",
            "an error burst fires the right alert",
            lambda: alert_checks.burst_fires_the_right_alert(
                before, during, stage=stage, service=service, other_stages=others
            ),
        )
        self.verdicts.run(
            "alerts",
            "Slack hears of it, with links that lead somewhere",
            lambda: alert_checks.slack_hears_of_it(heard(), settings, stage, dashboards),
        )
        self.verdicts.run(
            "alerts",
            "so does e-mail",
            lambda: alert_checks.mail_hears_of_it(heard(), settings, stage, dashboards),
        )
        traffic.fail_in(stage, on=False)
        sampler.mark("burst ends")
        self.say("no more errors; waiting for the end of the alert")
        wait_until(
            lambda: alert_checks.is_told(heard(), stage, fires=False), self.timing.resolve_limit
        )
        self.verdicts.run(
            "alerts",
            "it resolves, and everybody hears that",
            lambda: alert_checks.everybody_hears_that_it_is_over(
                heard(), prometheus.alerts(), stage
            ),
        )

    def _judge(self, chains: Sequence[Chain], traffic: Traffic) -> None:
        self.verdicts.run(
            "applications",
            "answer every request as they should",
            lambda: _as_expected(traffic),
        )
        self.say(f"{len(traffic.sent)} requests were sent; reading what arrived")
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            arrived = read(
                self.pipeline.settings,
                [chain.stage for chain in chains],
                chains[0].services,
                list(traffic.sent),
                prometheus=self.pipeline.prometheus,
                traces=self.pipeline.traces,
                logs=self.pipeline.logs,
                seconds=time.time() - self.began,
            )
            if time.monotonic() > deadline or _all_pass(arrived):
                break
            time.sleep(2)
        for group, name, check in signal_checks.CHECKS:
            self.verdicts.run(group, name, partial(check, arrived))
        self.verdicts.run("logs", "of pods arrive in their tenant, by the agent", self._agent_logs)

    def _agent_logs(self) -> str:
        stages = self.pipeline.settings.stages
        for stage in stages:
            line = f"a line of a pod in {stage}"
            for tenant in self.pipeline.settings.namespaces:
                count = len(self.pipeline.logs.lines(tenant, "", line))
                expect(
                    (count == 1) is (tenant == stage) and count <= 1,
                    f"{count} times {line!r} in the tenant {tenant}",
                )
        return f"{len(stages)} namespaces"

    def _dashboards(self, at: float) -> None:
        stack, prometheus = self.pipeline.stack, self.pipeline.prometheus
        scrape = float(QUICK.scrape_seconds or 0)
        of_services = [
            {"namespace": stage, "service": service}
            for stage in self.app_stages
            for service in self.applications
        ]
        dashboards = [(uids.SERVICE, of_services)]
        dashboards += [(uids.namespace_overview(stage), [{}]) for stage in self.app_stages]

        def answered(uid: str, values: Sequence[Mapping[str, str]]) -> str:
            answers = panel_checks.ask(
                panel_checks.dashboard(stack, uid),
                values,
                lambda expr: prometheus.query(expr, at),
                scrape_seconds=scrape,
            )
            return panel_checks.queries_return_data(answers)

        for uid, values in dashboards:
            self.verdicts.run(
                "dashboards", f"{uid}: queries return data", partial(answered, uid, values)
            )
        self.verdicts.run(
            "dashboards",
            "are all in Grafana, with its datasources",
            lambda: grafana_has_everything(self.pipeline),
        )


def prepared_apps(verdicts: Verdicts) -> list[SampleApp]:
    """The applications that can be run here, in the order of their calls."""
    apps: list[SampleApp] = []

    def ready(language: Language) -> str:
        try:
            apps.append(prepare(language))
        except SampleAppUnavailableError as error:
            raise NotCheckedError(f"the application in {language}: {error}") from error
        return apps[-1].service_name

    for language in LANGUAGES:
        verdicts.run("applications", f"{language} is ready", partial(ready, language))
    return apps


def _as_expected(traffic: Traffic) -> str:
    expect(not traffic.unexpected, f"{len(traffic.unexpected)} times: {traffic.unexpected[:3]}")
    expect(bool(traffic.sent), "no request was answered")
    kinds = {
        kind: sum(request.kind == kind for request in traffic.sent)
        for kind in ("list", "create", "slow", "fail")
    }
    said = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    return f"{len(traffic.sent)} requests: {said}"


def _all_pass(arrived: Arrived) -> bool:
    for _, _, check in signal_checks.CHECKS:
        try:
            check(arrived)
        except CheckFailedError:
            return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float, every: float = 0.5) -> bool:
    """Wait for a condition on the back ends; whether it was met in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except QueryError:
            pass
        time.sleep(every)
    return False


def memory_stays_below(
    verdicts: Verdicts, seen: Mapping[str, float], limits: Mapping[str, float]
) -> None:
    """Say whether collectors stayed below the limits of their containers."""
    for name, most in seen.items():
        below = most <= limits[name]
        verdicts.add(
            Verdict(
                group="collectors",
                name=f"{name} stays below its memory limit",
                status="passed" if below else "failed",
                detail=f"{most:.0f} MiB at most, of {limits[name]:g} MiB",
                seconds=0,
            )
        )

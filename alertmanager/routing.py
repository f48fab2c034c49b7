"""Alertmanager's whole configuration: who is told, how, how often, and what hides what.

The namespaces of the settings have a branch each; what is of none of them (kube-system, nodes)
goes where `observability`'s alerts go.
"""

from typing import Any

from blueprint.names import telemetry_namespace
from settings.model import OBSERVABILITY, Notifications, Settings

Config = dict[str, Any]

SECRETS = "/etc/alertmanager/secrets"
"""The operator mounts `<secret>/<key>` here (`alertmanagerSpec.secrets`)."""
TEMPLATES_MOUNTED = "/etc/alertmanager/config/*.tmpl"
"""Where the chart's `templateFiles` are."""
SLACK_SECRET = "alertmanager-slack"  # noqa: S105 - names of secrets
SMTP_SECRET = "alertmanager-smtp"  # noqa: S105
DEAD_MANS_SWITCH_SECRET = "alertmanager-dead-mans-switch"  # noqa: S105
DEAD_MANS_SWITCH = "dead-mans-switch"
NOBODY = "null"
OFFICE_HOURS = "office-hours"


_OF_PLATFORM = f'namespace = "{OBSERVABILITY}"'


def channel(namespace: str) -> str:
    """Receiver: the Slack channel of a namespace."""
    return f"{namespace}-channel"


def page(namespace: str) -> str:
    """Receiver: its channel, all of whose members are called, and its e-mails."""
    return f"{namespace}-page"


def secrets(settings: Settings) -> list[str]:
    """Secrets that are mounted; each must be there before Alertmanager starts."""
    optional = [DEAD_MANS_SWITCH_SECRET] if settings.alerting.dead_mans_switch else []
    return [SLACK_SECRET, SMTP_SECRET, *optional]


def configuration(settings: Settings) -> Config:
    """The content of alertmanager.yaml."""
    alerting = settings.alerting
    hours = alerting.office_hours
    return {
        "global": {
            "resolve_timeout": "5m",
            # Files, so that no secret is in the configuration.
            "slack_api_url_file": f"{SECRETS}/{SLACK_SECRET}/url",
            "smtp_auth_password_file": f"{SECRETS}/{SMTP_SECRET}/password",
            "smtp_require_tls": True,
            "smtp_smarthost": alerting.smtp.smarthost,
            "smtp_from": alerting.smtp.sender,
            "smtp_auth_username": alerting.smtp.username,
        },
        "route": _route(settings),
        "inhibit_rules": _inhibitions(),
        "receivers": _receivers(settings),
        "time_intervals": [
            {
                "name": OFFICE_HOURS,
                "time_intervals": [
                    {
                        "weekdays": list(hours.weekdays),
                        "times": [{"start_time": hours.start, "end_time": hours.end}],
                        "location": hours.time_zone,
                    }
                ],
            }
        ],
        "templates": [TEMPLATES_MOUNTED],
    }


def _route(settings: Settings) -> Config:
    watchdog = DEAD_MANS_SWITCH if settings.alerting.dead_mans_switch else NOBODY
    return {
        "receiver": channel(OBSERVABILITY),
        # One message for all that fails in the same way in the same place.
        "group_by": ["alertname", "namespace", "cluster"],
        # Long enough for what belongs together to come together.
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "12h",
        "routes": [
            {
                "receiver": watchdog,
                # Of the platform: a rule of a stage may have the same name, and its Prometheus may
                # go on where the platform's has stopped.
                "matchers": ['alertname = "Watchdog"', _OF_PLATFORM],
                "group_wait": "0s",
                # A service outside waits for the next one: often, and without change.
                "group_interval": "1m",
                "repeat_interval": "1m",
            },
            # It only inhibits (see below).
            {"receiver": NOBODY, "matchers": ['alertname = "InfoInhibitor"']},
            *(_branch(settings, name, [_of_stage(name)]) for name in settings.stages),
            _branch(settings, OBSERVABILITY, []),
        ],
    }


def _of_stage(stage: str) -> str:
    # Kubernetes' own metrics name the namespace that the stage's gateway is in.
    return f'namespace =~ "{stage}|{telemetry_namespace(stage)}"'


def _branch(settings: Settings, namespace: str, matchers: list[str]) -> Config:
    told = settings.namespaces[namespace].notifications
    pages = {
        "receiver": page(namespace),
        "matchers": ['severity = "critical"'],
        "group_wait": "10s",
        # Until somebody silences it: paged again in each hour.
        "repeat_interval": "1h",
    }
    # An interval holds for its own route only, not for those below.
    quiet = {"active_time_intervals": [OFFICE_HOURS]} if told.mute_out_of_hours else {}
    info = {
        "receiver": channel(namespace),
        "matchers": ['severity = "info"'],
        "group_wait": "5m",
        "repeat_interval": "24h",
        **quiet,
    }
    return {
        "receiver": channel(namespace),
        **({"matchers": matchers} if matchers else {}),
        **quiet,
        "routes": [*([pages] if told.page else []), info],
    }


def _receivers(settings: Settings) -> list[Config]:
    receivers: list[Config] = [{"name": NOBODY}]
    if settings.alerting.dead_mans_switch:
        webhook = {
            "url_file": f"{SECRETS}/{DEAD_MANS_SWITCH_SECRET}/url",
            "send_resolved": False,
        }
        receivers.append({"name": DEAD_MANS_SWITCH, "webhook_configs": [webhook]})
    for name, namespace in settings.namespaces.items():
        told = namespace.notifications
        receivers.append({"name": channel(name), "slack_configs": [_slack(settings, told, "text")]})
        if told.page:
            receivers.append(
                {
                    "name": page(name),
                    "slack_configs": [_slack(settings, told, "page")],
                    "email_configs": [
                        _email(address) for address in told.emails or settings.alerting.emails
                    ],
                }
            )
    return receivers


def _slack(settings: Settings, told: Notifications, text: str) -> Config:
    return {
        "channel": told.slack_channel or settings.alerting.slack_channel,
        "send_resolved": True,
        "color": '{{ template "foundation.color" . }}',
        "title": '{{ template "foundation.slack.title" . }}',
        "title_link": '{{ template "foundation.link" .CommonAnnotations.dashboard_url }}',
        "text": f'{{{{ template "foundation.slack.{text}" . }}}}',
        "fallback": '{{ template "foundation.slack.title" . }}',
        # Not `text`, as by default: `*`, `_` and `~` in the name of a service are no formatting.
        "mrkdwn_in": ["pretext"],
    }


def _email(address: str) -> Config:
    return {
        "to": address,
        "send_resolved": True,
        "headers": {"Subject": '{{ template "foundation.title" . }}'},
        "html": '{{ template "foundation.email.html" . }}',
        "text": '{{ template "foundation.email.text" . }}',
    }


def _inhibitions() -> list[Config]:
    return [
        # Of one alert in two severities the worse is enough (rules of the charts have such pairs).
        _hides('severity = "critical"', 'severity =~ "warning|info"', "namespace", "alertname"),
        *(
            _hides(
                f'alertname = "Service{sli}BurnFast"',
                f'alertname = "Service{sli}BurnSlow"',
                "namespace",
                "service_name",
            )
            for sli in ("Availability", "Latency")
        ),
        _hides(
            'alertname = "VolumeNearlyFull"',
            'alertname = "VolumeFillingUp"',
            "namespace",
            "persistentvolumeclaim",
        ),
        # Without a gateway nothing can arrive from that stage.
        _hides(
            'alertname = "GatewayDown"',
            'alertname =~ "GatewayReceivesNothing|ServiceTelemetryAbsent"',
            "namespace",
        ),
        # Queues fill because the back end that they lead to is away.
        {
            "source_matchers": [
                'alertname = "BackendDown"',
                _OF_PLATFORM,
                'backend =~ "prometheus|loki|tempo"',
            ],
            "target_matchers": ['alertname = "CollectorQueueNearlyFull"'],
        },
        # The same where a stage's Prometheus is away, for the queues of that stage.
        _hides('alertname = "BackendDown"', 'alertname = "CollectorQueueNearlyFull"', "namespace"),
        # As the chart intends: `info` is heard only where something worse fires in the namespace.
        _hides('alertname = "InfoInhibitor"', 'severity = "info"', "namespace"),
    ]


def _hides(source: str, target: str, *equal: str) -> Config:
    return {"source_matchers": [source], "target_matchers": [target], "equal": list(equal)}

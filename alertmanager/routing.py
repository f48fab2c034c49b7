"""Alertmanager's configuration: receivers, routes, repetition and inhibition.

Each namespace of the settings has a branch; all other alerts (kube-system, nodes) use the route of
`observability`.
"""

from blueprint.documents import Config
from blueprint.names import telemetry_namespace
from settings.model import OBSERVABILITY, Settings, Smtp

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
    """Receiver: the Slack channel of a namespace, or its e-mails where there is none."""
    return f"{namespace}-channel"


def page(namespace: str) -> str:
    """Receiver: its channel, all of whose members are called, and its e-mails."""
    return f"{namespace}-page"


def uses_slack(settings: Settings) -> bool:
    """Whether a namespace has a Slack channel."""
    return any(map(settings.slack_channel, settings.namespaces))


def mail_server(settings: Settings) -> Smtp | None:
    """The mail server, if an alert goes to an e-mail address."""
    return settings.alerting.smtp if any(map(settings.emails, settings.namespaces)) else None


def secrets(settings: Settings) -> list[str]:
    """Secrets that are mounted; each must exist before Alertmanager starts."""
    needed = {
        SLACK_SECRET: uses_slack(settings),
        SMTP_SECRET: mail_server(settings) is not None,
        DEAD_MANS_SWITCH_SECRET: settings.alerting.dead_mans_switch,
    }
    return [name for name, is_needed in needed.items() if is_needed]


def configuration(settings: Settings) -> Config:
    """The content of alertmanager.yaml."""
    hours = settings.alerting.office_hours
    return {
        "global": {
            "resolve_timeout": "5m",
            # Files, so that no secret is in the configuration.
            **(
                {"slack_api_url_file": f"{SECRETS}/{SLACK_SECRET}/url"}
                if uses_slack(settings)
                else {}
            ),
            **_smtp(mail_server(settings)),
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


def _smtp(server: Smtp | None) -> Config:
    if server is None:
        return {}
    return {
        "smtp_auth_password_file": f"{SECRETS}/{SMTP_SECRET}/password",
        "smtp_require_tls": True,
        "smtp_smarthost": server.smarthost,
        "smtp_from": server.sender,
        "smtp_auth_username": server.username,
    }


def _route(settings: Settings) -> Config:
    watchdog = DEAD_MANS_SWITCH if settings.alerting.dead_mans_switch else NOBODY
    return {
        "receiver": channel(OBSERVABILITY),
        # One message for all alerts of one name, namespace and cluster.
        "group_by": ["alertname", "namespace", "cluster"],
        # Long enough to collect related alerts into one message.
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "12h",
        "routes": [
            {
                "receiver": watchdog,
                # Of the platform: a rule of a stage may have the same name, and its Prometheus may
                # still run when the platform's has stopped.
                "matchers": ['alertname = "Watchdog"', _OF_PLATFORM],
                "group_wait": "0s",
                # The external service expects it often and unchanged.
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
        # Pages again every hour until it is silenced.
        "repeat_interval": "1h",
    }
    # An interval applies only to its own route, not to the routes below.
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
        slack_channel = settings.slack_channel(name)
        emails = [_email(address) for address in settings.emails(name)]
        mails: Config = {"email_configs": emails} if emails else {}
        receivers.append({"name": channel(name)} | (_slack(slack_channel, "text") or mails))
        if namespace.notifications.page:
            receivers.append({"name": page(name)} | _slack(slack_channel, "page") | mails)
    return receivers


def _slack(slack_channel: str | None, text: str) -> Config:
    if slack_channel is None:
        return {}
    message = {
        "channel": slack_channel,
        "send_resolved": True,
        "color": '{{ template "foundation.color" . }}',
        "title": '{{ template "foundation.slack.title" . }}',
        "title_link": '{{ template "foundation.link" .CommonAnnotations.dashboard_url }}',
        "text": f'{{{{ template "foundation.slack.{text}" . }}}}',
        "fallback": '{{ template "foundation.slack.title" . }}',
        # Not `text`, as by default: `*`, `_` and `~` in the name of a service are no formatting.
        "mrkdwn_in": ["pretext"],
    }
    return {"slack_configs": [message]}


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
        # If an alert has two severities, the worse is enough (rules of the charts have such pairs).
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
        # Queues fill because their back end is down.
        {
            "source_matchers": [
                'alertname = "BackendDown"',
                _OF_PLATFORM,
                'backend =~ "prometheus|loki|tempo"',
            ],
            "target_matchers": ['alertname = "CollectorQueueNearlyFull"'],
        },
        # The same for the queues of a stage whose Prometheus is down.
        _hides('alertname = "BackendDown"', 'alertname = "CollectorQueueNearlyFull"', "namespace"),
        # As the chart intends: `info` is sent only while a worse alert fires in the namespace.
        _hides('alertname = "InfoInhibitor"', 'severity = "info"', "namespace"),
    ]


def _hides(source: str, target: str, *equal: str) -> Config:
    return {"source_matchers": [source], "target_matchers": [target], "equal": list(equal)}

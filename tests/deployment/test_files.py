"""Files of deployments: services, their numbers and servers, each with the file and row where it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poolint.deployment.declared import Declared

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.deployment.conftest import Told, Write

    Tell = Callable[..., Told]

COMPOSE = """\
x-app: &app
  build: .
  environment:
    WEB_CONCURRENCY: ${WORKERS:-4}

services:
  migrate:
    <<: *app
    command: alembic upgrade head
  web:
    <<: *app
    command: gunicorn app.main:app
    deploy:
      replicas: 3
  worker:
    <<: *app
    command: ["celery", "-A", "app.tasks", "worker", "-c", "8"]
    scale: 2
  shell:
    <<: *app
    command: python -m app.shell
    profiles: [tools]
  db:
    image: postgres:16-alpine
    command: postgres -c max_connections=120 -c superuser_reserved_connections=5
  redis:
    image: redis:7
  docs:
    build: docs
    command: npm run serve
"""


def test_compose(write: Write, told: Tell) -> None:
    write("compose.yaml", COMPOSE)
    found = told()
    assert [(one.name, one.kind) for one in found.only.services] == [
        ("migrate", "migration"),
        ("web", "web"),
        ("worker", "worker"),
    ]
    assert found.numbers("web") == ("4 compose.yaml:4", "3 compose.yaml:14")
    assert found.numbers("worker") == ("8 compose.yaml:17", "2 compose.yaml:18")
    assert found.numbers("migrate") == ("1 compose.yaml:9", "1 compose.yaml:8")
    assert found.server == ("120 compose.yaml:25", "5 compose.yaml:25")
    assert [(name, why) for name, _, why in found.only.others] == [
        ("shell", "started with the profile tools only"),
        ("docs", "`npm run serve` is no program that is known to take connections"),
    ]
    assert found.problems == []


def test_variables_beside_a_compose_file(write: Write, told: Tell) -> None:
    write("compose.yaml", COMPOSE)
    write(".env", "# numbers\nexport WORKERS='6' # six\n")
    assert told().numbers("web")[0] == "6 .env:2"


def test_an_override_lies_over_its_base_and_other_files_are_other_ways(write: Write, told: Tell) -> None:
    write("compose.yaml", COMPOSE)
    write("compose.override.yaml", "services:\n  web:\n    environment: [WEB_CONCURRENCY=2]\n")
    write("compose.prod.yaml", "services:\n  web:\n    deploy: {replicas: 10}\n  db:\n    command: postgres -N 400\n")
    write("compose.ci.yaml", "services:\n  tests:\n    image: app\n    command: uvicorn app.main:app\n")
    found = told()
    names = [tuple(path.rpartition("/")[2] for path in one.files) for one in found.deployments]
    assert names == [
        ("compose.yaml", "compose.override.yaml"),
        ("compose.ci.yaml",),
        ("compose.prod.yaml", "compose.yaml"),
    ]
    first, _, prod = found.deployments
    assert found.figure(first.services[1].processes) == "2 compose.override.yaml:3"
    assert found.figure(prod.services[1].replicas) == "10 compose.prod.yaml:3"
    assert found.figure(prod.servers[0].max_connections) == "400 compose.prod.yaml:5"


def test_images_say_what_compose_does_not(write: Write, told: Tell) -> None:
    write(
        "compose.yaml",
        "services:\n  web:\n    build: ./backend\n    command: [web]\n"
        "  worker:\n    build:\n      context: backend\n      target: ${STAGE:-jobs}\n",
    )
    write(
        "backend/Dockerfile",
        """\
        # syntax=docker/dockerfile:1
        FROM python:3.12 AS base
        ENV WEB_CONCURRENCY=3 \\
            LEVEL=info
        ENTRYPOINT ["./start.sh"]
        FROM base AS jobs
        ENTRYPOINT []
        CMD dramatiq app.actors \\
            --processes 2
        FROM base
        CMD ["worker"]
        """,
    )
    write("backend/start.sh", 'if [ "$1" = x ]; then echo; fi\ncase $1 in\nweb) exec gunicorn app:app;;\nesac\n')
    found = told()
    assert found.numbers("web") == ("3 backend/Dockerfile:3", "1 compose.yaml:3")
    assert found.numbers("worker") == ("2 backend/Dockerfile:8", "1 compose.yaml:6")


def test_scripts_by_the_paths_that_they_are_copied_to(write: Write, told: Tell) -> None:
    compose = """\
    services:
      api:
        build: .
        image: shop
      jobs:
        image: shop
        command: /bin/work
      guarded:
        build:
          context: .
          dockerfile: guarded.Dockerfile
    """
    write("compose.yaml", compose)
    image = """\
    FROM python:3.12
    WORKDIR /srv
    COPY --chown=app --chmod=755 ops/boot.sh start.sh
    COPY ["ops/work", "ops/other", "/bin/"]
    COPY . .
    CMD ["./start.sh", "3"]
    """
    write("Dockerfile", image)
    guarded = """\
    FROM python:3.12
    RUN curl -o /entry.sh https://example.org/entry.sh
    COPY 'a broken row
    ENTRYPOINT ["/entry.sh"]
    CMD ["uvicorn", "app.main:app", "--workers", "5"]
    """
    write("guarded.Dockerfile", guarded)
    write("ops/boot.sh", "#!/bin/sh\nexec gunicorn app.main:app --workers $1\n")
    write("ops/work", "#!/bin/sh\ncelery -A app.jobs worker -c 2\n")
    found = told()
    assert found.numbers("api") == ("3 Dockerfile:6", "1 compose.yaml:3")
    assert found.numbers("jobs") == ("2 ops/work:2", "1 compose.yaml:6")
    assert found.numbers("guarded") == ("5 guarded.Dockerfile:5", "1 compose.yaml:9")
    assert not found.problems


def test_scripts_in_folders_whose_content_is_copied(write: Write, told: Tell) -> None:
    image = """\
    FROM python:3.12
    WORKDIR /srv
    COPY backend/ops ./scripts/
    COPY backend/requirements.txt .
    COPY other .
    COPY backend .
    CMD ["./scripts/boot.sh", "--log=a/b", "3"]
    """
    write("Dockerfile", image)
    write("worker.Dockerfile", 'FROM x\nWORKDIR /srv\nCOPY . .\nCOPY backend /srv\nCMD ["sh", "tools/work"]\n')
    write("compose.yaml", "services: {api: {build: .}, jobs: {build: {context: ., dockerfile: worker.Dockerfile}}}\n")
    write("backend/ops/boot.sh", "#!/bin/sh\nexec gunicorn app.main:app --workers $2\n")
    write("backend/tools/work", "#!/bin/sh\ncelery -A app.jobs worker -c 2\n")
    write("tools/work", "#!/bin/sh\ncelery -A app.jobs worker -c 7\n")
    write("backend/requirements.txt", "gunicorn\n")
    found = told()
    assert found.numbers("api") == ("3 Dockerfile:7", "1 compose.yaml:1")
    assert found.numbers("jobs") == ("2 backend/tools/work:2", "1 compose.yaml:1")


def test_what_compose_leaves_open_is_asked_for(write: Write, told: Tell) -> None:
    write(
        "compose.yaml",
        "services:\n  web:\n    image: app\n    command: uvicorn a:b --workers $N\n    deploy:\n      replicas: ${R}\n",
    )
    service = told().services["web"]
    assert service.processes.how == "`uvicorn --workers` is `$N`, which nothing sets"
    assert service.replicas.how == "`deploy.replicas` is `$R`, which nothing sets"


def test_a_global_service_runs_on_each_node(write: Write, told: Tell) -> None:
    write(
        "compose.yaml", "services:\n  web:\n    image: app\n    command: uvicorn a:b\n    deploy:\n      mode: global\n"
    )
    assert told().services["web"].replicas.value is None


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("image: postgres", ("100 compose.yaml:6", "3 -")),
        ("image: timescale/timescaledb:2-pg16\n    command: [-c, max_connections=50]", ("50 compose.yaml:7", "3 -")),
        (
            "image: docker.io/bitnami/postgresql:16\n    environment: [POSTGRESQL_MAX_CONNECTIONS=70]",
            ("70 compose.yaml:7", "3 -"),
        ),
        (
            "image: postgis/postgis\n    volumes: ['./pg.conf:/etc/pg.conf:ro']\n    command: -c config_file=/etc/pg.conf",
            ("80 pg.conf:3", "4 pg.conf:4"),
        ),
        ("image: postgres\n    command: -c config_file=/etc/other.conf", ("? compose.yaml:7", "3 -")),
        (
            "image: postgres\n    environment: {POSTGRES_INITDB_ARGS: '-c max_connections=60'}",
            ("60 compose.yaml:7", "3 -"),
        ),
        ("image: edoburu/pgbouncer\n    environment: {MAX_CLIENT_CONN: 1000}", ("1000 compose.yaml:7", "0 -")),
        ("image: edoburu/pgbouncer", ("? compose.yaml:6", "0 -")),
    ],
)
def test_servers(server: str, expected: tuple[str, str], write: Write, told: Tell) -> None:
    write(
        "pg.conf",
        "# for production\nlisten_addresses = '*'\nmax_connections = 80   # more than enough\nsuperuser_reserved_connections 4\n",
    )
    write("compose.yaml", f"services:\n  web:\n    image: app\n    command: uvicorn a:b\n  db:\n    {server}\n")
    assert told().server == expected


def test_a_procfile(write: Write, told: Tell) -> None:
    write(
        "Procfile",
        """\
        # what runs
        release: python manage.py migrate
        web: gunicorn shop.wsgi --workers=3 --log-file -
        api: gunicorn shop.api
        worker: celery -A shop worker
        """,
    )
    found = told()
    assert found.numbers("web") == ("3 Procfile:3", "? Procfile:3")
    assert found.numbers("release") == ("1 Procfile:2", "1 Procfile:2")
    assert found.services["api"].processes.how == "`WEB_CONCURRENCY` is `$WEB_CONCURRENCY`, which nothing sets"
    assert found.services["worker"].processes.how == (
        "`celery` without --concurrency: as many as the machine has processors"
    )
    assert found.only.servers == ()


def test_app_json_says_how_many(write: Write, told: Tell) -> None:
    write("Procfile", "web: gunicorn app:app\n")
    write(
        "app.json",
        '{\n  "env": {"WEB_CONCURRENCY": {"value": "2"}},\n  "formation": {\n    "web": {"quantity": 4}\n  }\n}\n',
    )
    assert told().numbers("web") == ("2 app.json:2", "4 app.json:4")


def test_a_blueprint(write: Write, told: Tell) -> None:
    write(
        "render.yaml",
        """\
        services:
          - type: web
            name: api
            runtime: python
            rootDir: backend
            preDeployCommand: alembic upgrade head
            startCommand: gunicorn shop.wsgi --threads 2
            scaling:
              minInstances: 1
              maxInstances: 3
            envVars:
              - key: WEB_CONCURRENCY
                value: 4
          - type: worker
            name: jobs
            startCommand: celery -A shop worker -c 8
            numInstances: 2
          - type: web
            name: site
            runtime: static
          - type: pserv
            name: search
            runtime: image
        databases:
          - name: main
        projects:
          - name: shop
            environments:
              - name: production
                services:
                  - type: cron
                    name: nightly
                    startCommand: python jobs.py
        """,
    )
    found = told()
    assert found.numbers("api") == ("4 render.yaml:13", "3 render.yaml:10")
    assert found.services["api"].folder.endswith("backend")
    assert found.numbers("jobs") == ("8 render.yaml:16", "2 render.yaml:17")
    assert found.numbers("api before it is deployed")[1] == "1 render.yaml:6"
    assert found.services["nightly"].replicas.how == "a blueprint starts one"
    assert not {"site", "search"} & found.services.keys()


@pytest.mark.parametrize(
    ("name", "text", "row"),
    [
        (
            "nixpacks.toml",
            '[phases.setup]\nnixPkgs = ["python3"]\n\n[start]\ncmd = "uvicorn app.main:app --workers 3"\n',
            5,
        ),
        ("railway.toml", '[deploy]\nstartCommand = "uvicorn app.main:app --workers 3"\n', 2),
        ("railway.json", '{"deploy": {\n "startCommand": "uvicorn app.main:app --workers 3"}}', 2),
    ],
)
def test_what_a_platform_is_told_to_start(name: str, text: str, row: int, write: Write, told: Tell) -> None:
    write(name, text)
    found = told()
    assert found.numbers("app") == (f"3 {name}:{row}", f"? {name}:{row}")
    assert not found.problems


def test_what_passenger_starts_has_one_request_at_a_time(write: Write, told: Tell) -> None:
    write("passenger_wsgi.py", "from shop import app as application\n")
    found = told()
    assert found.numbers("app") == ("? passenger_wsgi.py:1", "1 passenger_wsgi.py:1")
    assert not found.problems


def test_a_platform_that_is_told_nothing_or_nonsense(write: Write, told: Tell) -> None:
    write("nixpacks.toml", '[phases.setup]\naptPkgs = ["libpango-1.0-0"]\n')
    write("railway.toml", "[deploy\n")
    found = told()
    assert found.deployments == []
    assert found.problems == ["railway.toml:1: broken TOML: Expected ']' at the end of a table declaration"]


def test_a_configuration_of_the_server_beside(write: Write, told: Tell) -> None:
    write("Procfile", "web: gunicorn app:app\n")
    write("deploy/postgresql.conf", "max_connections = 300\n")
    assert told().server == ("300 deploy/postgresql.conf:1", "3 -")


CHART = {
    "Chart.yaml": "apiVersion: v2\nname: orders\nversion: 1.0.0\n",
    "values.yaml": """\
replicaCount: 2
image:
  repository: registry.example.com/orders
autoscaling:
  enabled: true
  maxReplicas: 6
web:
  workers: 4
worker:
  replicas: 2
  args: [celery, -A, app.tasks, worker, -c, "10"]
postgresql:
  primary:
    extendedConfiguration: |
      shared_buffers = 1GB
      max_connections = 200
""",
    "values-small.yaml": "autoscaling:\n  enabled: false\nreplicaCount: 1\n",
    "templates/_helpers.tpl": '{{ define "orders.name" }}x{{ end }}',
    "templates/web.yaml": """\
{{- /* the web
       service */ -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "orders.fullname" . }}-web
  labels:
    {{- include "orders.labels" . | nindent 4 }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicaCount | default 9 }}
  {{- end }}
  template:
    spec:
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          args: ["gunicorn", "app.main:app", "-w", {{ .Values.web.workers | quote }}]
          {{- with .Values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
---
{{- if .Values.autoscaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "orders.fullname" . }}-web
spec:
  scaleTargetRef:
    kind: Deployment
    name: {{ include "orders.fullname" . }}-web
  maxReplicas: {{ .Values.autoscaling.maxReplicas }}
{{- end }}
""",
    "templates/worker.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-worker
spec:
  replicas: {{ .Values.worker.replicas }}
  strategy:
    type: Recreate
  template:
    spec:
      containers:
        - name: worker
          image: "{{ .Values.image.repository }}"
          args:
            {{- toYaml .Values.worker.args | nindent 12 }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
spec:
  template:
    spec:
      containers:
        - {name: migrate, image: orders, command: [alembic, upgrade, head]}
""",
}


def test_a_chart(write: Write, told: Tell) -> None:
    for name, text in CHART.items():
        write(f"charts/orders/{name}", text)
    found = told()
    full, small = found.deployments
    assert found.problems == []
    numbers = {
        one.name: (found.figure(one.processes), found.figure(one.replicas), one.surge and one.surge.value)
        for one in full.services
    }
    assert numbers == {
        "orders-web": ("4 charts/orders/values.yaml:8", "6 charts/orders/values.yaml:6", 2),
        "orders-worker": ("10 charts/orders/values.yaml:11", "2 charts/orders/values.yaml:10", 0),
        "migrate": ("1 charts/orders/templates/worker.yaml:25", "1 charts/orders/templates/worker.yaml:17", None),
    }
    assert found.figure(full.servers[0].max_connections) == "200 charts/orders/values.yaml:16"
    web = next(one for one in small.services if one.name == "orders-web")
    assert found.figure(web.replicas) == "1 charts/orders/values-small.yaml:3"


AWKWARD = """\
{{- $extra := .Values.extra | default list }}
{{- if gt (len $extra) 3 }}{{- $extra = append $extra "x" }}{{- end }}
{{- define "x" }}never: seen{{ end }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "orders.resourceName" (list . "api") }}
  labels:
    {{- include "orders.labels" . | nindent 4 }}
    {{- with .Values.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    tier: web
spec:
  replicas: {{ .Values.replicas }}
  template:
    metadata:
      annotations:
        checksum/config: {{ include (print $.Template.BasePath "/config.yaml") . | sha256sum }}
        {{- toYaml .Values.labels | nindent 8 }}
    spec:
      {{- range .Values.extra }}
      - {{ . }}
      {{- end }}
      containers:
        - name: api
          image: {{ printf "%s:%s" .Values.image "1" | quote }}
          command: {{ toYaml .Values.command | nindent 12 }}
          {{ $extra }}
          env:
            {{- toYaml .Values.env | nindent 12 }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ tpl .Values.name . | lower }}
spec:
  template:
    spec:
      containers:
        - name: a
          image: app
          command:
            [
              {{- with include "orders.prefix" . }}
              {{- . | nindent 14 }}
              {{- end }}
              "uvicorn",
              {{ printf "--log-level=%s" .Values.level | quote }},
              "a:b",
            ]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ tpl .Values.name . | lower }}
spec:
  maxReplicas: 50
  scaleTargetRef:
    kind: Deployment
    name: {{ tpl .Values.name . | lower }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  template:
    spec:
      containers:
        - name: db
          image: postgres:17
          args: {{ tpl .Values.args . }}
"""


def test_what_a_template_does_that_is_not_understood(write: Write, told: Tell) -> None:
    write("chart/Chart.yaml", "name: orders\n")
    write("chart/templates/api.yaml", AWKWARD)
    write(
        "chart/values.yaml",
        "labels: {a: b}\nreplicas: 3\ncommand: [gunicorn, 'a:b']\nenv:\n  - {name: WEB_CONCURRENCY, value: '5'}\n",
    )
    found = told()
    assert found.problems == []
    assert found.numbers("orders-api") == ("5 chart/values.yaml:5", "3 chart/values.yaml:2")
    unknown = found.services["deployment"].replicas
    assert (unknown.value, unknown.how) == (None, "an autoscaler may start more")
    [server] = found.only.servers
    assert server.max_connections.value is None


MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: 4
  strategy: {rollingUpdate: {maxSurge: 50%}}
  template:
    spec:
      initContainers:
        - name: migrate
          image: ghcr.io/example/api
          command: ["alembic", "upgrade", "head"]
      containers:
        - name: api
          image: ghcr.io/example/api
          envFrom:
            - configMapRef: {name: settings}
        - name: proxy
          image: envoyproxy/envoy:v1
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  WEB_CONCURRENCY: "6"
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg}
spec:
  postgresql:
    parameters:
      max_connections: "300"
"""


def test_manifests_and_the_image_that_they_run(write: Write, told: Tell) -> None:
    write("deploy/k8s/all.yaml", MANIFESTS)
    write("Dockerfile", "FROM python:3.12\nCMD uvicorn app.main:app\n")
    found = told()
    assert found.numbers("api") == ("6 deploy/k8s/all.yaml:25", "4 deploy/k8s/all.yaml:5")
    surge = found.services["api"].surge
    assert surge is not None
    assert found.figure(surge) == "2 deploy/k8s/all.yaml:6"
    assert found.services["api/migrate"].kind == "migration"
    assert found.server == ("300 deploy/k8s/all.yaml:33", "3 -")


def test_overlays_lie_over_their_base(write: Write, told: Tell) -> None:
    write("k8s/base/all.yaml", MANIFESTS)
    write("Dockerfile", 'FROM python:3.12\nCMD ["uvicorn", "app.main:app"]\n')
    write(
        "k8s/overlays/small/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {replicas: 1}\n",
    )
    write(
        "k8s/overlays/big/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nreplicas:\n  - name: api\n    count: 20\n",
    )
    found = told()
    big, small = found.deployments
    assert found.figure(big.services[1].replicas) == "20 k8s/overlays/big/kustomization.yaml:5"
    assert found.figure(small.services[1].replicas) == "1 k8s/overlays/small/web.yaml:4"


def test_a_dockerfile_by_itself(write: Write, told: Tell) -> None:
    write("Dockerfile", "FROM python:3.12\nCMD uvicorn app.main:app --workers 2\n")
    assert told().numbers("app") == ("2 Dockerfile:2", "? Dockerfile:2")


def test_nothing_is_there(write: Write, told: Tell) -> None:
    write("app/main.py", "")
    write("node_modules/x/compose.yaml", COMPOSE)
    assert told().deployments == []


def test_files_that_are_named(write: Write, told: Tell) -> None:
    write("compose.yaml", COMPOSE)
    write(
        "live/stack.compose/compose.yaml", "services:\n  web:\n    image: app\n    command: uvicorn a:b --workers 2\n"
    )
    found = told(Declared(files=("live/*/compose.yaml", "gone.yaml")))
    assert found.numbers("web") == ("2 live/stack.compose/compose.yaml:4", "1 live/stack.compose/compose.yaml:3")
    assert found.problems == ["pyproject.toml:1: [tool.poolint.budget] 'files': no file is 'gone.yaml'"]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("compose.yaml", "services:\n  web:\n    image: [app\n", "compose.yaml:4: broken YAML: "),
        ("compose.yaml", "services:\n\tweb: {}\n", "compose.yaml:2: broken YAML: "),
        (
            "compose.prod.yaml",
            "services:\n  web:\n    image: app\n    command: uvicorn 'a:b\n",
            "compose.prod.yaml:4: cannot be understood",
        ),
        ("render.yaml", "services: [\n", "render.yaml:2: "),
        ("Procfile", "web gunicorn app:app\n", "Procfile:1: broken Procfile: a line is `name: command`"),
        ("app.json", "{\n", "app.json:2: broken YAML: "),
        ("k8s/all.yaml", "apiVersion: v1\nkind: {\n", "k8s/all.yaml:3: broken YAML: "),
        ("chart/values.yaml", "a: b: c\n", "chart/values.yaml:1: broken YAML: "),
        ("chart/templates/a.yaml", "a: {{ .Values.x }}\n  b: [\n", "chart/templates/a.yaml:3: the template cannot be rendered"),
        ("Dockerfile", 'FROM x\nENV A="b\nCMD y\n', "Dockerfile:2: ENV cannot be understood: No closing quotation"),
    ],
)  # fmt: skip
def test_broken_files_are_told_and_the_others_count(
    name: str, text: str, problem: str, write: Write, told: Tell
) -> None:
    write("chart/Chart.yaml", "name: app\n")
    write("deploy/compose.yaml", "services:\n  jobs:\n    build: ..\n    command: celery -A app worker -c 2\n")
    write("Procfile", "web: gunicorn app:app\n")
    write(name, text)
    found = told()
    assert any(one.startswith(problem) for one in found.problems), found.problems
    assert any(service.name == "jobs" for one in found.deployments for service in one.services)


def test_aliases_of_aliases_are_not_written_out(write: Write, told: Tell) -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    write("compose.yaml", f"a0: &a0 x\n{levels}services:\n  web:\n    image: app\n    command: uvicorn a:b\n")
    write("chart/Chart.yaml", "name: app\n")
    write("chart/values.yaml", f"a0: &a0 x\n{levels}")
    write("chart/templates/a.yaml", "kind: Pod\nspec: {{ toYaml .Values.a11 | nindent 2 }}\n")
    found = told()
    assert found.deployments == []
    assert [one.partition(": ")[0] for one in found.problems] == ["chart/values.yaml:7", "compose.yaml:7"]
    assert "aliases written out; it is not read" in found.problems[0]


def test_what_refers_to_itself_comes_to_an_end(write: Write, told: Tell) -> None:
    write(
        "compose.yaml",
        "services: &all\n  web:\n    image: app\n    command: uvicorn a:b\n    extends: web\n    x: *all\n",
    )
    assert told().numbers("web")[0] == "1 compose.yaml:4"


@pytest.mark.parametrize("folder", ["docker", ".docker", "_infra/docker", "Deployment", "devops/images"])
def test_dockerfile_in_a_folder_for_deployments(write: Write, told: Tell, folder: str) -> None:
    write("requirements.txt", "gunicorn\n")
    write(f"{folder}/Dockerfile", 'FROM python:3.13\nCOPY . /app\nCMD ["gunicorn", "-w", "3", "app:app"]\n')
    found = told()
    assert [one.kind for one in found.only.services] == ["web"]
    assert found.numbers(found.only.services[0].name)[0].startswith("3 ")


def test_dockerfile_of_something_else(write: Write, told: Tell) -> None:
    write("samples/store/Dockerfile", 'FROM python:3.13\nCMD ["gunicorn", "-w", "3", "app:app"]\n')
    assert told().deployments == []

"""Clients of what is not a database: made without a network, for what their attributes are and their calls give."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

from tests.models.live.looking import Record
from tests.models.live.of_aws import KEYS

NOWHERE = "http://nowhere.invalid"


async def urllib(record: Record) -> None:
    import urllib.request

    record.note("urllib.request.build_opener", urllib.request.build_opener())


async def aiohttp(record: Record) -> None:
    import aiohttp

    await record("aiohttp.ClientResponse.release", lambda: aiohttp.ClientResponse.release(Mock()))
    async with aiohttp.ClientSession() as session:
        for verb in ("get", "post", "put", "patch", "delete", "head", "options", "ws_connect"):
            await record(f"aiohttp.ClientSession.{verb}", partial(getattr(session, verb), NOWHERE), use=False)
        await record("aiohttp.ClientSession.request", lambda: session.request("GET", NOWHERE), use=False)


async def asyncssh(record: Record) -> None:
    import asyncssh

    given = {"connect": 1, "listen": 1, "SFTPClient.open": 2}
    given |= {f"SSHClientConnection.{name}": 1 for name in ("create_process", "start_sftp_client")}
    given |= {f"SSHClientConnection.{name}": 5 for name in ("forward_local_port", "forward_remote_port")}
    given["SSHClientConnection.start_server"] = 2
    for name, count in given.items():
        call = attrgetter(name)(asyncssh)
        await record(f"asyncssh.{name}", partial(call, *(Mock() for _ in range(count))), use=False)


async def stdlib(record: Record) -> None:
    import asyncio
    import concurrent.futures
    import contextvars

    context = contextvars.copy_context()
    record.note("contextvars.copy_context", context)
    record.note("contextvars.Context.copy", context.copy())
    record.note("asyncio.get_event_loop", asyncio.get_event_loop())
    record.note("asyncio.get_running_loop", asyncio.get_running_loop())
    done: concurrent.futures.Future[None] = concurrent.futures.Future()
    done.set_result(None)
    await record("asyncio.wrap_future", lambda: asyncio.wrap_future(done))
    loop = asyncio.new_event_loop()
    record.note("asyncio.new_event_loop", loop)
    loop.close()


async def objects_of_stdlib() -> dict[str, Any]:
    import asyncio
    import sys

    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "", stdin=-1, stdout=-1, stderr=-1)
    await process.communicate()
    return {"asyncio.subprocess.Process": process}


async def objects_of_groq() -> dict[str, Any]:
    import groq

    return {f"groq.{name}": getattr(groq, name)(api_key="x") for name in ("Groq", "AsyncGroq")}


async def objects_of_openai() -> dict[str, Any]:
    import openai

    return {f"openai.{name}": getattr(openai, name)(api_key="x") for name in ("OpenAI", "AsyncOpenAI")}


async def objects_of_anthropic() -> dict[str, Any]:
    import anthropic

    keys = {"aws_access_key": "x", "aws_secret_key": "x", "aws_region": "us-east-1"}
    return {
        "anthropic.Anthropic": anthropic.Anthropic(api_key="x"),
        "anthropic.AsyncAnthropic": anthropic.AsyncAnthropic(api_key="x"),
        "anthropic.AnthropicBedrock": anthropic.AnthropicBedrock(**keys),
        "anthropic.AsyncAnthropicBedrock": anthropic.AsyncAnthropicBedrock(**keys),
    }


async def objects_of_stripe() -> dict[str, Any]:
    import stripe

    return {"stripe.StripeClient": stripe.StripeClient("sk_test_x")}


async def objects_of_shippo() -> dict[str, Any]:
    import shippo

    return {"shippo.Shippo": shippo.Shippo(api_key_header="x")}


async def objects_of_elasticsearch() -> dict[str, Any]:
    import elasticsearch

    names = ("Elasticsearch", "AsyncElasticsearch")
    return {f"elasticsearch.{name}": getattr(elasticsearch, name)("http://nowhere.invalid:9200") for name in names}


async def objects_of_opensearch() -> dict[str, Any]:
    import opensearchpy

    names = ("OpenSearch", "AsyncOpenSearch")
    return {f"opensearchpy.{name}": getattr(opensearchpy, name)("http://nowhere.invalid:9200") for name in names}


async def objects_of_twilio() -> dict[str, Any]:
    from twilio.rest import Client

    client = Client("ACx", "x")
    return {
        "twilio.rest.Client": client,
        "twilio.rest.verify.v2.service.ServiceContext": client.verify.v2.services("x"),
    }


async def objects_of_sendgrid() -> dict[str, Any]:
    import sendgrid

    return {"sendgrid.SendGridAPIClient": sendgrid.SendGridAPIClient("x")}


async def google_cloud(record: Record) -> None:
    storage, firestore, asynchronous = _google()
    bucket = record.note("google.cloud.storage.Client.bucket", storage.bucket("b"))
    record.note("google.cloud.storage.Bucket.blob", bucket.blob("b"))
    chain: dict[str, tuple[Any, ...]] = {
        "where": ("a", "==", 1), "order_by": ("a",), "limit": (1,), "limit_to_last": (1,), "offset": (1,),
        "select": (["a"],), "start_at": ({"a": 1},), "start_after": ({"a": 1},), "end_at": ({"a": 1},),
        "end_before": ({"a": 1},),
    }  # fmt: skip
    for prefix, client in (("", firestore), ("Async", asynchronous)):
        name = f"google.cloud.firestore.{prefix}"
        collection = record.note(name + "Client.collection", client.collection("c"))
        document = record.note(name + "Client.document", client.document("c/d"))
        record.note(name + "Client.batch", client.batch())
        record.note(name + "DocumentReference.collection", document.collection("c"))
        record.note(name + "CollectionReference.document", collection.document("d"))
        for method, arguments in chain.items():
            query = record.note(f"{name}CollectionReference.{method}", getattr(collection, method)(*arguments))
            record.note(f"{name}Query.{method}", getattr(query, method)(*arguments))


def _google() -> tuple[Any, Any, Any]:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import firestore, storage

    given = {"project": "p", "credentials": AnonymousCredentials()}
    return storage.Client(**given), firestore.Client(**given), firestore.AsyncClient(**given)


async def objects_of_google_cloud() -> dict[str, Any]:
    storage, _, _ = _google()
    bucket = storage.bucket("b")
    return {"google.cloud.storage.Bucket": bucket, "google.cloud.storage.Blob": bucket.blob("b")}


async def objects_of_google_genai() -> dict[str, Any]:
    from google import genai

    return {"google.genai.Client": genai.Client(api_key="x")}


async def kubernetes_asyncio(record: Record) -> None:
    from kubernetes_asyncio import client, watch

    api = client.CoreV1Api(client.ApiClient())
    await record("kubernetes_asyncio.client.ApiClient.call_api", lambda: api.api_client.call_api("/", "GET"), use=False)
    await record(
        "kubernetes_asyncio.client.ApiClient.request", lambda: api.api_client.request("GET", NOWHERE), use=False
    )
    watching = watch.Watch()
    record.note("kubernetes_asyncio.watch.Watch.stream", watching.stream(api.list_namespace))
    await watching.close()
    await record("kubernetes_asyncio.client.CoreV1Api.*", api.list_namespace, use=False)
    await api.api_client.close()


async def objects_of_celery() -> dict[str, Any]:
    import celery

    return {"celery.Celery": celery.Celery(broker="memory://", set_as_current=False)}


async def celery(record: Record) -> None:
    import celery

    app = celery.Celery(broker="memory://", backend="cache+memory://", set_as_current=False)

    @app.task(name="t")
    def task() -> None:
        pass

    @celery.shared_task(name="shared")
    def shared() -> None:
        pass

    record.note("celery.Celery.task", task)
    record.note("celery.shared_task", shared)
    name = "celery.app.task.Task."
    record.note(name + "delay", task.delay())
    record.note(name + "apply_async", task.apply_async())
    for method in ("s", "si", "signature", "subtask"):
        record.note(name + method, getattr(task, method)())
    record.note("celery.Celery.send_task", app.send_task("t"))
    record.note("celery.Celery.signature", app.signature("t"))
    record.note("celery.signature", celery.signature("t"))
    record.note("celery.canvas.Signature.delay", task.s().delay())
    record.note("celery.canvas.Signature.apply_async", task.s().apply_async())


async def huey(record: Record) -> None:
    from huey import MemoryHuey, crontab

    app = MemoryHuey()

    @app.task()
    def task() -> None:
        pass

    @app.periodic_task(crontab(minute="0"))
    def hourly() -> None:
        pass

    record.note("huey.api.Huey.task", task)
    record.note("huey.api.Huey.periodic_task", hourly)


async def aiokafka(record: Record) -> None:
    import aiokafka

    producer = Mock(spec=aiokafka.AIOKafkaProducer)
    await record(
        "aiokafka.AIOKafkaProducer.transaction", lambda: aiokafka.AIOKafkaProducer.transaction(producer), use=False
    )


async def objects_of_aio_pika() -> dict[str, Any]:
    import aio_pika

    channel = aio_pika.Channel(Mock())
    assert "default_exchange" in aio_pika.abc.AbstractChannel.__annotations__
    value = SimpleNamespace(default_exchange=aio_pika.Exchange(channel, ""))
    return {"aio_pika.abc.AbstractChannel": value, "aio_pika.Channel": value}


async def aioboto3(record: Record) -> None:
    import aioboto3
    import aiobotocore.session

    session = aioboto3.Session(**KEYS)
    await record("aioboto3.Session.client", lambda: session.client("s3"))
    await record("aioboto3.Session.resource", lambda: session.resource("s3"))
    bare = record.note("aiobotocore.session.get_session", aiobotocore.session.get_session())
    await record("aiobotocore.session.AioSession.create_client", lambda: bare.create_client("s3", **KEYS))
    async with session.client("s3") as client:
        name = "aiobotocore.client.AioBaseClient."
        paginator = record.note(name + "get_paginator", client.get_paginator("list_objects_v2"))
        record.note(name + "get_waiter", client.get_waiter("bucket_exists"))
        record.note("aiobotocore.paginate.AioPaginator.paginate", paginator.paginate(Bucket="b"))
        await record(name + "put_object", client.put_object, use=False)


async def aio_clients() -> list[Any]:
    """Clients of several services: each has other operations."""
    import aioboto3

    session = aioboto3.Session(**KEYS)
    async with session.client("s3") as s3, session.client("sqs") as sqs:
        return [s3, sqs]


async def objects_of_aioboto3() -> dict[str, Any]:
    return {"aiobotocore.client.AioBaseClient": (await aio_clients())[0]}


async def objects_of_docker() -> dict[str, Any]:
    import docker

    return {"docker.DockerClient": docker.DockerClient("tcp://nowhere.invalid:1", version="1.44")}


async def fsspec(record: Record) -> None:
    import fsspec

    record.note("fsspec.filesystem", fsspec.filesystem("memory"))
    await record("fsspec.open", lambda: fsspec.open("memory://a", "w"))


async def docker(record: Record) -> None:
    import docker

    client = docker.from_env(version="1.44", environment={"DOCKER_HOST": "tcp://nowhere.invalid:1"})
    record.note("docker.from_env", client)
    record.note("docker.DockerClient.from_env", client)

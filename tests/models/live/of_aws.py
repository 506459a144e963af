"""boto3 and aioboto3: their clients are made at run time, without a network."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from tests.models.live.looking import Record

NOWHERE = "http://nowhere.invalid"
KEYS = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
RESOURCE = "boto3.resources.base.ServiceResource"


@cache
def session() -> Any:
    import boto3

    return boto3.Session(**KEYS)


@cache
def things() -> dict[str, Any]:
    """Things in services, each by the method that names it."""
    s3, sqs, sns, dynamodb = (session().resource(name) for name in ("s3", "sqs", "sns", "dynamodb"))
    return {
        thing: partial(getattr(service, thing), *key)
        for service, thing, *key in (
            (s3, "Bucket", "b"),
            (s3, "Object", "b", "k"),
            (s3, "ObjectSummary", "b", "k"),
            (sqs, "Queue", NOWHERE),
            (sqs, "Message", NOWHERE, "r"),
            (sns, "Topic", "arn:aws:sns:us-east-1:1:t"),
            (dynamodb, "Table", "t"),
        )
    }


@cache
def clients() -> list[Any]:
    return [session().client(service) for service in ("s3", "sqs", "rds")]


@cache
def resources() -> list[Any]:
    services = [session().resource(service) for service in ("s3", "sqs", "sns", "dynamodb")]
    return [*services, *(make() for make in things().values())]


async def boto3(record: Record) -> None:
    import boto3

    record.note("boto3.Session.client", session().client("s3"))
    record.note("boto3.Session.resource", session().resource("s3"))
    client = session().client("s3")
    paginator = record.note("botocore.client.BaseClient.get_paginator", client.get_paginator("list_objects_v2"))
    record.note("botocore.client.BaseClient.get_waiter", client.get_waiter("bucket_exists"))
    record.note("botocore.paginate.Paginator.paginate", paginator.paginate(Bucket="b"))
    # The functions of the module hand on to a session of its own.
    record.note("boto3.client", boto3.client("s3", **KEYS))
    record.note("boto3.resource", boto3.resource("s3", **KEYS))
    for name, make in things().items():
        await record(f"{RESOURCE}.{name}", make)


async def objects_of_boto3() -> dict[str, Any]:
    return {"botocore.client.BaseClient": clients()[0]}

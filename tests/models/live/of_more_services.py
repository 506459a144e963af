"""More clients of services, made and called without a network: databases, searches, models, APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

if TYPE_CHECKING:
    from tests.models.live.looking import Record

NOWHERE = "http://nowhere.invalid"


async def objects_of_africastalking() -> dict[str, Any]:
    """None but those of its module, which are there from then on."""
    import africastalking

    africastalking.initialize("sandbox", "x")
    return {}


async def objects_of_arango() -> dict[str, Any]:
    import arango

    return {"arango.database.StandardDatabase": arango.ArangoClient(hosts=NOWHERE).db("shop")}


async def beanie(record: Record) -> None:
    import beanie
    from beanie.odm.settings.document import DocumentSettings

    class Order(beanie.Document):
        paid: int = 0

    Order._document_settings = DocumentSettings()
    Order._class_id, Order._inheritance_inited, Order._children, Order._link_fields = None, False, {}, {}
    one = record.note("beanie.Document.find_one", Order.find_one({"paid": 1}))
    record.note("beanie.View.find_one", one)
    assert beanie.View.find_one.__func__ is beanie.Document.find_one.__func__
    owner = "beanie.odm.queries.find.FindMany."
    for name in ("update", "update_many", "set", "inc", "current_date"):
        record.note(owner + name, getattr(Order.find_all(), name)({"paid": 1}))
    record.note(owner + "upsert", Order.find_all().upsert({"paid": 1}, on_insert=Order.model_construct()))
    for name in ("delete", "delete_many"):
        record.note(owner + name, getattr(Order.find_all(), name)())


async def objects_of_consul() -> dict[str, Any]:
    import consul.aio

    return {"consul.Consul": consul.Consul(), "consul.aio.Consul": consul.aio.Consul()}


async def objects_of_deepgram() -> dict[str, Any]:
    import deepgram

    return {
        "deepgram.DeepgramClient": deepgram.DeepgramClient(api_key="x"),
        "deepgram.AsyncDeepgramClient": deepgram.AsyncDeepgramClient(api_key="x"),
    }


async def objects_of_firecrawl() -> dict[str, Any]:
    import firecrawl

    return {
        "firecrawl.Firecrawl": firecrawl.Firecrawl(api_key="x"),
        "firecrawl.AsyncFirecrawl": firecrawl.AsyncFirecrawl(api_key="x"),
    }


async def objects_of_hvac() -> dict[str, Any]:
    import hvac

    client = hvac.Client(url=NOWHERE)
    return {"hvac.Client": client, "hvac.api.AuthMethods": client.auth}


async def objects_of_imap_tools() -> dict[str, Any]:
    import imap_tools

    class Box(imap_tools.BaseMailBox):
        def _get_mailbox_client(self) -> Any:
            return Mock()

    return {"imap_tools.BaseMailBox": Box()}


async def objects_of_instructor() -> dict[str, Any]:
    import instructor
    import openai

    mode = instructor.Mode.RESPONSES_TOOLS
    return {
        "instructor.Instructor": instructor.from_openai(openai.OpenAI(api_key="x"), mode=mode),
        "instructor.AsyncInstructor": instructor.from_openai(openai.AsyncOpenAI(api_key="x"), mode=mode),
    }


async def authlib(record: Record) -> None:
    from authlib.integrations.httpx_client import AsyncOAuth2Client

    name = "authlib.integrations.httpx_client.AsyncOAuth2Client"
    async with AsyncOAuth2Client("shop", "x") as client:
        await record(f"{name}.fetch_token", lambda: client.fetch_token(NOWHERE), use=False)
        await record(f"{name}.refresh_token", lambda: client.refresh_token(NOWHERE, refresh_token="x"), use=False)


async def objects_of_keycloak() -> dict[str, Any]:
    import keycloak

    connection = keycloak.KeycloakOpenIDConnection(server_url=NOWHERE, realm_name="shop")
    return {
        "keycloak.KeycloakAdmin": keycloak.KeycloakAdmin(connection=connection),
        "keycloak.KeycloakUMA": keycloak.KeycloakUMA(connection=connection),
    }


async def objects_of_mongoengine() -> dict[str, Any]:
    import mongoengine

    mongoengine.connect("shop", host="mongodb://nowhere.invalid", connect=False)

    class Order(mongoengine.Document):
        meta = {"auto_create_index": False}  # noqa: RUF012

    return {"mongoengine.Document": Order}


async def objects_of_ncclient() -> dict[str, Any]:
    from ncclient.manager import Manager, make_device_handler

    return {"ncclient.manager.Manager": Manager(Mock(), make_device_handler(None))}


async def ncclient(record: Record) -> None:
    manager = (await objects_of_ncclient())["ncclient.manager.Manager"]
    record.note("ncclient.manager.Manager.locked", manager.locked("running"))


async def objects_of_proxmoxer() -> dict[str, Any]:
    import proxmoxer

    api = proxmoxer.ProxmoxAPI("nowhere.invalid", user="x@pam", token_name="x", token_value="x")
    return {"proxmoxer.ProxmoxAPI": api, "proxmoxer.core.ProxmoxResource": api.orders}


async def proxmoxer(record: Record) -> None:
    api = (await objects_of_proxmoxer())["proxmoxer.ProxmoxAPI"]
    record.note("proxmoxer.core.ProxmoxResource.__call__", api.orders("x"))


async def objects_of_stytch() -> dict[str, Any]:
    import stytch

    given = {"project_id": "project-test-x", "secret": "x"}
    return {"stytch.Client": stytch.Client(**given), "stytch.B2BClient": stytch.B2BClient(**given)}


async def objects_of_typesense() -> dict[str, Any]:
    import typesense

    settings = {"nodes": [{"host": "nowhere.invalid", "port": "1", "protocol": "http"}], "api_key": "x"}
    found: dict[str, Any] = {}
    for start, package in (("", "sync"), ("Async", "async_")):
        client = found[f"typesense.{start}Client"] = getattr(typesense, f"{start}Client")(settings)
        orders = client.collections["orders"]
        found[f"typesense.{package}.collections.{start}Collections"] = client.collections
        found[f"typesense.{package}.collection.{start}Collection"] = orders
        found[f"typesense.{package}.documents.{start}Documents"] = orders.documents
        found[f"typesense.{package}.aliases.{start}Aliases"] = client.aliases
    return found


async def objects_of_weaviate() -> dict[str, Any]:
    import weaviate

    address = weaviate.connect.ConnectionParams.from_url("http://nowhere.invalid:1", 2)
    found: dict[str, Any] = {}
    for start, module in (("", "sync"), ("Async", "async_")):
        client = getattr(weaviate, f"Weaviate{start}Client")(address, skip_init_checks=True)
        found[f"weaviate.Weaviate{start}Client"] = client
        found[f"weaviate.collections.collection.{module}.Collection{start}"] = client.collections.use("Orders")
    return found


async def objects_of_zeep() -> dict[str, Any]:
    """Clients whose service has one operation."""
    import zeep
    from zeep.proxy import AsyncServiceProxy, ServiceProxy

    found: dict[str, Any] = {}
    for name, proxy in (("Client", ServiceProxy), ("AsyncClient", AsyncServiceProxy)):
        cls = getattr(zeep, name)
        client = found[f"zeep.{name}"] = cls.__new__(cls)
        service = proxy(client, Mock(all=lambda: {"orders": Mock()}))
        client._default_service = found[f"zeep.proxy.{proxy.__name__}"] = service
    return found

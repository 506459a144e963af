"""Clients of mail, payment, markets and social networks, made and called without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

if TYPE_CHECKING:
    from tests.models.live.looking import Record

SOCKETS = (
    "trade_socket aggtrade_socket kline_socket kline_futures_socket depth_socket ticker_socket "
    "miniticker_socket symbol_ticker_socket symbol_miniticker_socket symbol_book_ticker_socket "
    "book_ticker_socket multiplex_socket futures_multiplex_socket futures_depth_socket user_socket "
    "margin_socket isolated_margin_socket futures_user_socket"
)


async def objects_of_asyncpraw() -> dict[str, Any]:
    import asyncpraw

    reddit = asyncpraw.Reddit(client_id="x", client_secret="x", user_agent="x")
    subreddit = await reddit.subreddit("x")
    await reddit.close()
    return {"asyncpraw.Reddit": reddit, "asyncpraw.models.Subreddit": subreddit}


async def objects_of_box_sdk_gen() -> dict[str, Any]:
    from box_sdk_gen import BoxClient, BoxDeveloperTokenAuth

    return {"box_sdk_gen.BoxClient": BoxClient(BoxDeveloperTokenAuth(token="x"))}


async def objects_of_exchangelib() -> dict[str, Any]:
    """An account whose root, which a server would have to be asked for, gives folders that are made here."""
    import exchangelib

    account = exchangelib.Account.__new__(exchangelib.Account)
    account.__dict__["root"] = Mock(get_default_folder=lambda kind: kind.__new__(kind))
    return {"exchangelib.Account": account}


async def exchangelib(record: Record) -> None:
    from exchangelib.folders import Folder, FolderCollection
    from exchangelib.queryset import QuerySet

    folder = Folder.__new__(Folder)
    folder._root = Mock(account=None)
    queries = QuerySet(FolderCollection(account=None, folders=[folder]))
    for name in ("all", "filter", "exclude"):
        record.note(f"exchangelib.folders.Folder.{name}", getattr(folder, name)())
        record.note(f"exchangelib.queryset.QuerySet.{name}", getattr(queries, name)())
    for name in ("order_by", "only"):
        record.note(f"exchangelib.queryset.QuerySet.{name}", getattr(queries, name)("subject"))


async def objects_of_notion_client() -> dict[str, Any]:
    import notion_client

    clients = {
        "notion_client.Client": notion_client.Client(auth="x"),
        "notion_client.AsyncClient": notion_client.AsyncClient(auth="x"),
    }
    clients["notion_client.Client"].close()
    await clients["notion_client.AsyncClient"].aclose()
    return clients


async def o365(record: Record) -> None:
    """The objects of an account, with answers of a service that says as little as it can."""
    import O365
    from O365.utils.token import MemoryTokenBackend

    account = O365.Account(("x", "x"), token_backend=MemoryTokenBackend(), tenant_id="x", auth_flow_type="credentials")
    answer = Mock(json=lambda: {"id": "x", "folder": {}}, status_code=201)
    for method in ("get", "post", "patch", "put", "delete"):
        setattr(account.con, method, lambda *_, **__: answer)
    made = {
        name: record.note(f"O365.Account.{name}", getattr(account, name)())
        for name in ("mailbox", "new_message", "schedule", "storage", "teams")
    }
    folder = made["mailbox"].inbox_folder()
    for name in ("inbox_folder", "sent_folder", "drafts_folder", "junk_folder", "deleted_folder"):
        record.note(f"O365.mailbox.MailBox.{name}", getattr(made["mailbox"], name)())
    record.note("O365.mailbox.Folder.new_message", folder.new_message())
    message = made["new_message"]
    message.object_id, message._Message__is_draft = "x", False
    for name in ("reply", "forward"):
        record.note(f"O365.Message.{name}", getattr(message, name)())
    calendar = record.note("O365.calendar.Schedule.get_default_calendar", made["schedule"].get_default_calendar())
    record.note("O365.calendar.Schedule.get_calendar", made["schedule"].get_calendar("x"))
    record.note("O365.calendar.Schedule.new_calendar", made["schedule"].new_calendar("x"))
    record.note("O365.calendar.Schedule.new_event", made["schedule"].new_event())
    record.note("O365.calendar.Calendar.new_event", calendar.new_event())
    drive = record.note("O365.drive.Storage.get_default_drive", made["storage"].get_default_drive())
    record.note("O365.drive.Storage.get_drive", made["storage"].get_drive("x"))
    record.note("O365.drive.Drive.get_root_folder", drive.get_root_folder())
    record.note("O365.drive.Drive.get_special_folder", drive.get_special_folder("documents"))


async def objects_of_praw() -> dict[str, Any]:
    import praw

    reddit = praw.Reddit(client_id="x", client_secret="x", user_agent="x")
    return {"praw.Reddit": reddit, "praw.models.Subreddit": reddit.subreddit("x")}


async def vk_api(record: Record) -> None:
    import vk_api

    record.note("vk_api.VkApi.get_api", vk_api.VkApi(token="x").get_api())


async def objects_of_vonage() -> dict[str, Any]:
    import vonage

    return {"vonage.vonage.Vonage": vonage.Vonage(vonage.Auth(api_key="x", api_secret="x"))}


async def objects_of_plivo() -> dict[str, Any]:
    import plivo

    return {"plivo.rest.client.Client": plivo.RestClient("MA" + "X" * 18, "x")}


async def mercadopago(record: Record) -> None:
    import mercadopago

    sdk = mercadopago.SDK("x")
    for name in (
        "payment",
        "preference",
        "customer",
        "card",
        "card_token",
        "order",
        "merchant_order",
        "refund",
        "preapproval",
        "plan",
        "subscription",
        "oauth",
        "payment_methods",
        "user",
    ):
        record.note(f"mercadopago.sdk.SDK.{name}", getattr(sdk, name)())


async def pusher(record: Record) -> None:
    import os

    import pusher

    url = "https://x:x@api.pusherapp.com/apps/1"
    record.note("pusher.pusher.Pusher.from_url", pusher.Pusher.from_url(url))
    os.environ["PUSHER_URL"] = url
    record.note("pusher.pusher.Pusher.from_env", pusher.Pusher.from_env())


async def postmarker(record: Record) -> None:
    from postmarker.core import PostmarkClient

    record.note(
        "postmarker.core.PostmarkClient.from_config", PostmarkClient.from_config({"postmark_server_token": "x"})
    )
    emails = PostmarkClient("x").emails
    owner = "postmarker.models.emails.EmailManager."
    record.note(owner + "Email", emails.Email(From="a@b.c", To="a@b.c", TextBody="x"))
    record.note(owner + "EmailTemplate", emails.EmailTemplate(TemplateId=1, TemplateModel={}, From="a@b.c", To="a@b.c"))
    record.note(owner + "EmailBatch", emails.EmailBatch())
    record.note(owner + "EmailTemplateBatch", emails.EmailTemplateBatch())


async def binance(record: Record) -> None:
    import inspect

    import binance

    client = binance.AsyncClient()
    manager = binance.BinanceSocketManager(client)
    for name in SOCKETS.split():
        make = getattr(manager, name)
        given = [["x"]] if "multiplex" in name else ["BNBBTC"] if "symbol" in inspect.signature(make).parameters else []
        record.note(f"binance.ws.streams.BinanceSocketManager.{name}", make(*given))
    await client.close_connection()

"""Messages and other updates of chat bots, as they come from the network, so that their attributes can be looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.models.live import tables
from tests.models.live.looking import resolve

from poolint.dev.signatures import returned
from poolint.models.loader import load

if TYPE_CHECKING:
    from tests.models.live.looking import Record

TOKEN = "1:x"


async def aiogram(record: Record) -> None:
    from aiogram import methods

    for one in load().classes.values():
        where, _, _ = one.name.rpartition(".")
        for method in (each for row in one.methods for each in row.names) if where in tables.ANNOTATED_FROM else ():
            # It is made and looked at, and not sent.
            made = getattr(methods, returned(resolve(f"{one.name}.{method}")))
            record.note(f"{one.name}.{method}", made.model_construct())


async def objects_of_aiogram() -> dict[str, Any]:
    from aiogram import Bot, Dispatcher, Router, types

    user = {"id": 1, "is_bot": False, "first_name": "Ann"}
    chat = {"id": 1, "type": "private"}
    plain = {"message_id": 1, "date": 0, "chat": chat, "from": user, "sender_chat": chat}
    message = {**plain, "reply_to_message": plain}
    asked = {"id": "1", "from": user}
    paid = {**asked, "invoice_payload": "x"}
    member = {"status": "member", "user": user}
    data: dict[str, dict[str, Any]] = {
        "User": user,
        "Chat": chat,
        "Message": message,
        "CallbackQuery": {**asked, "chat_instance": "x", "message": message},
        "InlineQuery": {**asked, "query": "x", "offset": ""},
        "PreCheckoutQuery": {**paid, "currency": "EUR", "total_amount": 1},
        "ShippingQuery": {
            **paid,
            "shipping_address": {
                **dict.fromkeys(("state", "city", "street_line1", "street_line2", "post_code"), "x"),
                "country_code": "FR",
            },
        },
        "ChatJoinRequest": {"chat": chat, "from": user, "user_chat_id": 1, "date": 0},
        "ChatMemberUpdated": {
            "chat": chat,
            "from": user,
            "date": 0,
            "old_chat_member": member,
            "new_chat_member": member,
        },
    }
    context = {"bot": Bot("1:" + "x" * 35)}
    found = {name: getattr(types, name).model_validate(one, context=context) for name, one in data.items()}
    around = {"aiogram.Dispatcher": Dispatcher(), "aiogram.Router": Router()}
    return {f"aiogram.types.{name}": one for name, one in found.items()} | around


async def objects_of_telegram() -> dict[str, Any]:
    import telegram
    from telegram.ext import ApplicationBuilder, CallbackContext

    user, chat = telegram.User(1, "Ann", is_bot=False), telegram.Chat(1, "private")
    plain = telegram.Message(1, datetime.now(UTC), chat, from_user=user)
    message = telegram.Message(2, datetime.now(UTC), chat, from_user=user, sender_chat=chat, reply_to_message=plain)
    rows = {
        "callback_query": telegram.CallbackQuery("1", user, "x", message=message),
        "inline_query": telegram.InlineQuery("1", user, "x", ""),
        "pre_checkout_query": telegram.PreCheckoutQuery("1", user, "EUR", 1, "x"),
        "shipping_query": telegram.ShippingQuery(
            "1", user, "x", telegram.ShippingAddress("FR", "x", "x", "x", "x", "x")
        ),
        "chat_join_request": telegram.ChatJoinRequest(chat, user, datetime.now(UTC), 1),
    }
    messages = ("message", "edited_message", "channel_post", "edited_channel_post", "business_message")
    several = dict.fromkeys((*messages, "edited_business_message"), message)
    application = ApplicationBuilder().token(TOKEN).build()
    return {
        "telegram.Update": telegram.Update(1, **several, **rows),
        "telegram.Message": message,
        **{f"telegram.{type(one).__name__}": one for one in rows.values()},
        "telegram.ext.Application": application,
        "telegram.ext.CallbackContext": CallbackContext(application),
    }

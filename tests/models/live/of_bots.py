"""Messages and other updates of chat bots, as they come from the network, so that their attributes can be looked at."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

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


async def objects_of_discord(root: str = "discord") -> dict[str, Any]:
    """What comes with a message and with an interaction, of discord.py or of one of its forks."""
    library = importlib.import_module(root)
    state = MagicMock()
    state.store_user.side_effect = lambda data, **_: library.User(state=state, data=data)
    state._get_message.return_value = None
    user = {"id": "1", "username": "ann", "discriminator": "0", "avatar": None, "global_name": None}
    member = {
        "user": user,
        "roles": [],
        "joined_at": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "permissions": "0",
    }
    data = {"id": "2", "name": "shop", "member_count": 1, "roles": [], "emojis": [], "features": [], "channels": []}
    guild = library.Guild(data=data, state=state)
    data = {"id": "3", "type": 0, "name": "orders", "position": 0, "permission_overwrites": []}
    channel = library.TextChannel(state=state, guild=guild, data=data)
    guild._add_channel(channel)
    state._get_guild.return_value = state._get_or_create_unavailable_guild.return_value = guild
    state._get_guild_channel.return_value = (channel, guild)
    state._get_partial_interaction_channel.return_value = channel
    lists: dict[str, list[Any]] = {
        name: [] for name in ("attachments", "embeds", "mentions", "mention_roles", "reactions", "components")
    }
    where = {"channel_id": "3", "guild_id": "2", "member": member}
    said = {"mention_everyone": False, "pinned": False, "tts": False, "content": "paid", "flags": 0, "type": 0}
    at = {"timestamp": "2026-01-01T00:00:00+00:00", "edited_timestamp": None}
    message = {"id": "4", "author": user, **where, **lists, **said, **at}
    locale = {"locale": "en-US", "features": []}
    asked = {"id": "5", "type": 3, "application_id": "6", "token": "x", "version": 1, "message": message, **where}
    by = {"data": {"custom_id": "x", "component_type": 2}, "channel": data, "guild": {"id": "2", **locale}, **locale}
    owners = {"authorizing_integration_owners": {}, "context": 0, "app_permissions": "0", "entitlements": []}
    pressed = {**asked, **by, **owners, "attachment_size_limit": 1}
    return {
        f"{root}.Message": library.Message(state=state, channel=channel, data=dict(message)),
        f"{root}.Interaction": library.Interaction(state=state, data=pressed),
    }

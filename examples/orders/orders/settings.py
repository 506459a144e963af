"""What differs between a laptop and production, from the environment."""

from __future__ import annotations

import os

DATABASE_URL = os.environ.get("ORDERS_DATABASE_URL", "postgresql+asyncpg://orders@localhost/orders")
REPORTING_URL = os.environ.get("ORDERS_REPORTING_URL", "postgresql+psycopg://orders@localhost/orders")
PAYMENTS_URL = os.environ.get("ORDERS_PAYMENTS_URL", "https://payments.example.com")
NOTIFY_URL = os.environ.get("ORDERS_NOTIFY_URL", "https://notify.example.com/events")

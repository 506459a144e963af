"""What the live test is told about real libraries, beyond what it sees by itself; each entry has its reason."""

from __future__ import annotations

from pathlib import Path

SA = "sqlalchemy."
AIO = "sqlalchemy.ext.asyncio."
MOTOR = "motor.motor_asyncio.AsyncIOMotor"

NOT_IN_TEST_EXTRA = {
    # Libraries that the extra `test` does not install, since they are big, and why; the extra `models` has them. The
    # live test holds them where they are installed, and skips them elsewhere.
    "aioboto3": "pins an older botocore than boto3's newest",
    "aioodbc": "its driver needs a system library; without that a stub stands in for the driver",
    "anthropic": "about 40 MB",
    "azure_storage": "about 20 MB with what it needs",
    "confluent_kafka": "about 15 MB of compiled code",
    "elasticsearch": "about 15 MB",
    "google_cloud": "about 60 MB with gRPC and protobuf",
    "google_genai": "about 130 MB with googleapiclient",
    "grpc": "about 20 MB of compiled code",
    "huggingface_hub": "about 20 MB with hf-xet",
    "kubernetes": "about 130 MB",
    "kubernetes_asyncio": "about 50 MB",
    "langchain_core": "about 50 MB with langsmith and what that needs",
    "langgraph": "what langchain_core brings, and its checkpointers",
    "litellm": "pins an older openai, and brings tokenizers",
    "openai": "about 40 MB",
    "opensearchpy": "brings the protobufs of a whole API",
    "oslo_db": "brings much of what OpenStack's services have in common",
    "stripe": "about 30 MB",
    "twilio": "about 50 MB",
    "valkey": "a fork of redis, whose own classes the test holds",
}

SERVICES = frozenset(Path(__file__).with_name("services.txt").read_text(encoding="utf-8").split())
"""Clients of services that programs talk to, and drivers, each of a package that one of the extras whose names
begin with `services` installs: `live_models.py` of the benchmarks holds them, and `frozen.json` what it has seen."""

NOT_IN_TEST_EXTRA |= dict.fromkeys(sorted(SERVICES), "an extra of services has it")
NOT_IN_TEST_EXTRA["mysqldb"] = "needs the library of MySQL or of MariaDB to be built"
NOT_IN_TEST_EXTRA["mariadb"] = "needs the library of MariaDB to be built"

NEEDS = {
    # What to import for a library where that is not its first root.
    "azure_identity": ("azure.identity", "azure.identity.aio"),
    "azure_storage": ("azure.storage.blob", "azure.storage.blob.aio"),
    "django": ("django.db",),
    "oslo_db": ("oslo_db.sqlalchemy.enginefacade", "oslo_db.sqlalchemy.asyncio_facade"),
    "django_mail": ("django.core.mail",),
    "google_cloud": ("google.cloud.storage", "google.cloud.pubsub", "google.cloud.bigquery", "google.cloud.firestore"),
    "google_genai": ("google.genai", "googleapiclient"),
    "aioboto3": ("aioboto3", "aiobotocore"),
    "authlib": ("authlib.integrations.starlette_client", "authlib.integrations.flask_client"),
    "google_auth": ("google.oauth2.id_token", "google_auth_oauthlib.flow"),
    "langchain": ("langchain.agents.factory",),
    "langchain_before_1": ("langchain.chains", "langchain_community"),
    "peewee_before_4": ("playhouse.psycopg3_ext",),
    "langchain_classic": ("langchain_classic", "langchain_community"),
    "langchain_models": ("langchain_openai", "langchain_anthropic", "langchain_google_genai"),
    "langchain_partners": (
        "langchain_ollama",
        "langchain_mistralai",
        "langchain_aws",
        "langchain_cohere",
        "langchain_deepseek",
        "langchain_huggingface",
        "langchain_chroma",
        "langchain_pinecone",
        "langchain_qdrant",
        "langchain_postgres",
        "langchain_xai",
        "langchain_fireworks",
        "langchain_together",
        "langchain_nvidia_ai_endpoints",
        "langchain_perplexity",
        "langchain_milvus",
        "langchain_elasticsearch",
        "langchain_mongodb",
        "langchain_redis",
        "langchain_openrouter",
        "langchain_google_vertexai",
    ),
    "discord": ("discord.app_commands",),  # which py-cord lacks, whose root is the same
    "py_cord": ("discord.commands",),
    "mysql_connector": ("mysql.connector",),
    "aioredis": ("aioredis.client",),  # of version 2, which aioredlock does not take
    "anymail": ("anymail.message",),
    "azure_cognitiveservices": ("azure.cognitiveservices.speech",),
    "azure_core": ("azure.core.polling",),
    "azure_documentintelligence": ("azure.ai.documentintelligence", "azure.ai.documentintelligence.aio"),
    "azure_keyvault": ("azure.keyvault.secrets", "azure.keyvault.secrets.aio"),
    "channels": ("channels", "channels_redis.core"),
    "elasticsearch_dsl": ("elasticsearch.dsl",),
    "google_api_core": ("google.api_core",),
    "google_cloud_logging": ("google.cloud.logging",),
    "google_cloud_speech": ("google.cloud.speech",),
    "google_cloud_sql_connector": ("google.cloud.sql.connector",),
    "google_generativeai": ("google.generativeai",),
    "langgraph_checkpoint": ("langgraph.checkpoint.postgres.aio",),
    "paho": ("paho.mqtt",),
    "snowflake_connector": ("snowflake.connector",),
    "vertexai": ("google.cloud.aiplatform", "vertexai"),
    "playwright": ("playwright.async_api", "playwright.sync_api"),
    "supabase": ("supabase", "postgrest"),
    "couchbase": ("couchbase", "acouchbase"),
    "databricks_sql": ("databricks.sql",),
    "instructor": ("instructor", "google.genai", "google.generativeai", "mistralai"),  # each makes a function of it
    "lancedb": ("lancedb", "pandas"),  # which its annotations name
    "tweepy": ("tweepy", "tweepy.asynchronous"),
}

ONLY_IN = {
    # Names that came or went: the versions [from, to) of their library that have them.
    "sqlalchemy.FallbackAsyncAdaptedQueuePool": ((2, 0), (2, 1)),
    "sqlalchemy.orm.Session.close_all": ((2, 0), (2, 1)),
    "sqlalchemy.orm.sessionmaker.close_all": ((2, 0), (2, 1)),
    "sqlalchemy.orm.scoped_session.close_all": ((2, 0), (2, 1)),
    "sqlalchemy.orm.Session.delete_all": ((2, 1), (3,)),
    "sqlalchemy.orm.Session.merge_all": ((2, 1), (3,)),
    "sqlalchemy.orm.scoped_session.delete_all": ((2, 1), (3,)),
    "sqlalchemy.orm.scoped_session.merge_all": ((2, 1), (3,)),
    "sqlalchemy.orm.SessionTransaction.bound_connection": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSession.delete_all": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSession.merge_all": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSession.get_async_bind": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSession.bind_mapper": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSession.bind_table": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.AsyncSessionTransaction.bound_connection": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.async_scoped_session.delete_all": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.async_scoped_session.merge_all": ((2, 1), (3,)),
    "sqlalchemy.ext.asyncio.async_scoped_session.get_async_bind": ((2, 1), (3,)),
}

ONLY_IN |= {
    f"langchain_core.{owner}.{method}": ((0, 1), (1, 0))
    for owner, gone in (
        ("language_models.BaseLanguageModel", "predict apredict predict_messages apredict_messages __call__"),
        ("retrievers.BaseRetriever", "get_relevant_documents aget_relevant_documents"),
    )
    for method in gone.split()
}

BROKEN_PROTOCOLS = {
    # A `with` or `await` that the class has but that cannot work, so the model leaves it out; each is tried.
    ("aiohttp.ClientSession", "__enter__"): "raises `TypeError: Use async with instead`",
    (AIO + "AsyncResult", "__enter__"): "inherited; the exit does I/O outside any greenlet",
    (AIO + "AsyncScalarResult", "__enter__"): "inherited; the exit does I/O outside any greenlet",
    (AIO + "AsyncMappingResult", "__enter__"): "inherited; the exit does I/O outside any greenlet",
    ("aiomysql.Pool", "__enter__"): 'raises `RuntimeError: "yield from" should be used`',
    ("aiomysql.sa.Engine", "__enter__"): 'raises `RuntimeError: "yield from" should be used`',
    ("aiopg.Pool", "__enter__"): 'raises `RuntimeError: "await" should be used`',
    ("aiohttp_client_cache.CachedSession", "__enter__"): "raises `TypeError: Use async with instead`",
    ("consul.Consul", "__aenter__"): "inherited; its end awaits a plain `close`",
    ("consul.aio.Consul", "__enter__"): "inherited; its end does not await `close`",
    ("langchain_mcp_adapters.client.MultiServerMCPClient", "__aenter__"): "raises `NotImplementedError`",
    ("psqlpy.Cursor", "__await__"): "gives itself, which is no iterator: `TypeError`",
    ("psqlpy.Listener", "__await__"): "gives itself, which is no iterator: `TypeError`",
    ("psqlpy.Transaction", "__await__"): "gives itself, which is no iterator: `TypeError`",
    ("niquests.AsyncSession", "__enter__"): 'raises `SyntaxError: You probably meant "async with" …`',
    (MOTOR + "ClientSession", "__enter__"): "raises `AttributeError: Use Motor sessions like …`",
    (MOTOR + "ChangeStream", "__enter__"): 'raises `RuntimeError: Use a change stream in "async with" …`',
}

BY_INSTANCE = {
    # Given by `__getattr__` of an object: looked up on one.
    ("flask_sqlalchemy.SQLAlchemy", "select"),
}

FORWARDED = {
    # Passed on to the driver's connection by `__getattr__`: looked up on a real one.
    (SA + "PoolProxiedConnection", "cursor"),
    (SA + "PoolProxiedConnection", "commit"),
    (SA + "PoolProxiedConnection", "rollback"),
    (SA + "pool.base._ConnectionFairy", "commit"),
    (SA + "pool.base._ConnectionFairy", "rollback"),
}

GENERATED = {
    # Their methods are made at run time: looked up on real clients and resources, made without network.
    "botocore.client.BaseClient",
    "boto3.resources.base.ServiceResource",
    "aiobotocore.client.AioBaseClient",
    "python_http_client.Client",
    "firecrawl.Firecrawl",
    "firecrawl.AsyncFirecrawl",
    "ncclient.manager.Manager",
    # Passed on to the connection of the thread.
    "django.utils.connection.ConnectionProxy",
    # Motor's delegate to PyMongo's by properties.
    MOTOR + "Client",
    MOTOR + "ClientSession",
}

MADE_ALIKE = {
    # All operations of these come from one place: what is seen of one, called as an example, holds for all.
    "aiobotocore.client.AioBaseClient": "put_object",
}

DEFINED_AS = {
    # Where compiled classes say that they are defined, and where one is that a name stands for.
    "confluent_kafka.Producer": "cimpl.Producer",
    "confluent_kafka.Consumer": "cimpl.Consumer",
    "fastapi_sqla.Session": "sqlmodel.orm.session.Session",  # where SQLModel is installed
}

STUBS = {"psqlpy": "psqlpy/_internal/__init__.pyi"}
"""Packages in Rust, whose functions are all plain to `inspect`: the file in which they declare them."""

FACTORY_FUNCTIONS = {
    # Classes by their annotations, but functions that make objects of a hidden class (the first before 3.13).
    "threading.Lock",
    "threading.RLock",
}

PROXIES = {
    # Not a subclass of what the model gives as its base: an instance of it by its metaclass, with the same methods.
    "asyncpg.pool.PoolConnectionProxy",
}

USABLE_AT_ONCE = {
    # What the call gives may be awaited or entered, but need not be: both give the object itself.
    "asyncmy.Connection.cursor",
    "piccolo.engine.postgres.PostgresEngine.atomic",
    "piccolo.engine.sqlite.SQLiteEngine.atomic",
}

ANNOTATED_CONTEXTS = {
    # Calling it without entering what it gives would leave a session open: the class in its annotation is looked at.
    "aiohttp.request": "_SessionRequestContextManager",
}

COMMANDS = (
    "get set incr incrby decr delete expire hset hget hgetall hdel lpush rpush lrange ltrim sadd srem zadd zrem zrange "
    "zremrangebyscore zcard publish"
)
"""Of Redis, as the rows of Upstash have them."""

ANNOTATED_AS = (
    {
        # Annotations that say in other words what the model says: what they name, and the type in the model.
        SA + "Result.tuples": ("TupleResult", "self"),  # for type checkers only: it gives the result itself
        AIO + "AsyncResult.tuples": ("AsyncTupleResult", "self"),
        SA + "Engine.execution_options": ("OptionEngine", "self"),  # a copy that shares the pool
        "mysql.connector.pooling.MySQLConnectionPool.get_connection": (
            "PooledMySQLConnection",
            "poolint.mysql.PooledConnection",
        ),
        "sqlmodel.Session.exec": ("Union", SA + "Result"),  # of a Result and a ScalarResult, by the statement
        "sqlmodel.ext.asyncio.session.AsyncSession.exec": ("Union", SA + "Result"),
        # What an attribute with this descriptor is, on a class.
        "sqlalchemy.orm.scoped_session.query_property": ("QueryPropertyDescriptor", "sqlalchemy.orm.Query"),
        "psycopg.connect": ("Self", "psycopg.Connection"),  # a bound class method
        "psycopg.Connection.connect": ("Self", "psycopg.Connection"),
        "psycopg.AsyncConnection.connect": ("Self", "psycopg.AsyncConnection"),
        "psycopg_pool.ConnectionPool.connection": ("CT", "poolint.psycopg_pool.Connection"),  # bound type variables
        "psycopg_pool.ConnectionPool.getconn": ("CT", "poolint.psycopg_pool.Connection"),
        "psycopg_pool.AsyncConnectionPool.connection": ("ACT", "poolint.psycopg_pool.AsyncConnection"),
        "psycopg_pool.AsyncConnectionPool.getconn": ("ACT", "poolint.psycopg_pool.AsyncConnection"),
        "redis.asyncio.client.Redis.initialize": ("_RedisT", "self"),
        "redis.asyncio.connection.ConnectionPool.from_url": ("_CP", "self"),
        "urllib3.request": ("BaseHTTPResponse", "urllib3.HTTPResponse"),
        "urllib3.PoolManager.request": ("BaseHTTPResponse", "urllib3.HTTPResponse"),
        "urllib3.PoolManager.urlopen": ("BaseHTTPResponse", "urllib3.HTTPResponse"),
        "urllib3.PoolManager.request_encode_body": ("BaseHTTPResponse", "urllib3.HTTPResponse"),
        "urllib3.PoolManager.request_encode_url": ("BaseHTTPResponse", "urllib3.HTTPResponse"),
        "aiohttp.request": ("_SessionRequestContextManager", "aiohttp.ClientResponse"),
        "langchain_core.runnables.Runnable.with_fallbacks": ("RunnableWithFallbacksT", "self"),  # another runnable
        "langchain_core.runnables.Runnable.assign": ("RunnableSerializable", "langchain_core.runnables.Runnable"),
        "langchain_core.runnables.Runnable.pick": ("RunnableSerializable", "langchain_core.runnables.Runnable"),
        "langchain_core.runnables.Runnable.pipe": ("RunnableSerializable", "langchain_core.runnables.Runnable"),
        "langchain_core.runnables.Runnable.__or__": ("RunnableSerializable", "langchain_core.runnables.Runnable"),
        "langchain_core.runnables.Runnable.__ror__": ("RunnableSerializable", "langchain_core.runnables.Runnable"),
        "langchain_core.vectorstores.VectorStore.from_texts": ("VST", "self"),
        "langchain_core.vectorstores.VectorStore.as_retriever": (
            "VectorStoreRetriever",
            "langchain_core.retrievers.BaseRetriever",
        ),
        # Pollers that know what the operation was.
        "azure.ai.documentintelligence.DocumentIntelligenceClient.begin_analyze_document": (
            "AnalyzeDocumentLROPoller",
            "azure.core.polling.LROPoller",
        ),
        "azure.ai.documentintelligence.aio.DocumentIntelligenceClient.begin_analyze_document": (
            "AsyncAnalyzeDocumentLROPoller",
            "azure.core.polling.AsyncLROPoller",
        ),
        # The session of a request, or of an application context: in the model it is the one that stands for all of these.
        "fastapi_sqlalchemy.middleware.DBSessionMeta.session": ("Session", "sqlalchemy.orm.scoped_session"),
    }
    | {
        f"flask_sqlalchemy_lite.SQLAlchemy.{get}{name}": (annotated, f"sqlalchemy.{scoped}")
        for get in ("", "get_")
        for name, annotated, scoped in (
            ("session", "Session", "orm.scoped_session"),
            ("async_session", "AsyncSession", "ext.asyncio.async_scoped_session"),
        )
    }
    | {
        "nats.connect": ("NATS", "nats.aio.client.Client"),
        # For a search by vector it is this one; the others have the same methods for what ends them.
        "lancedb.table.Table.search": ("LanceQueryBuilder", "lancedb.query.LanceVectorQueryBuilder"),
        "llama_index.core.llms.LLM.as_structured_llm": ("StructuredLLM", "self"),  # around it, with the same methods
        "pyathena.connection.Connection.cursor": ("ConnectionCursor", "pyathena.cursor.Cursor"),  # by default
        "pyathena.aio.connection.AioConnection.cursor": ("ConnectionCursor", "pyathena.aio.cursor.AioCursor"),
        "zmq.Context.socket": ("_SocketType", "zmq.Socket"),
        # Motor shows the annotations of PyMongo's methods, whose results it wraps.
        MOTOR + "Client.start_session": ("ClientSession", MOTOR + "ClientSession"),
        MOTOR + "Client.list_databases": ("CommandCursor", MOTOR + "CommandCursor"),
        MOTOR + "Database.create_collection": ("Collection", MOTOR + "Collection"),
        MOTOR + "Database.list_collections": ("CommandCursor", MOTOR + "CommandCursor"),
    }
    | {
        f"aiohttp.ClientSession.{verb}": ("_RequestContextManager", "aiohttp.ClientResponse")
        for verb in ("get", "post", "put", "patch", "delete", "head", "options", "request")
    }
    | {
        f"aiohttp_retry.RetryClient.{verb}": ("_RequestContext", "aiohttp.ClientResponse")
        for verb in ("get", "post", "put", "patch", "delete", "head", "options", "request", "requests")
    }
    | {
        # All commands have this annotation; those of a pipeline give what its `execute` does, itself.
        f"upstash_redis.{owner}.{command}": ("Awaitable", "self")
        for owner in ("client.Pipeline", "asyncio.client.AsyncPipeline")
        for command in COMMANDS.split()
    }
    | {
        # A channel of any kind; what is done with it shows that it is one that has messages.
        f"{root}.{owner}_channel": ("GuildChannel", f"{root}.TextChannel")
        for root in ("discord", "disnake", "nextcord")
        for owner in ("Client.fetch", "Client.get", "Guild.fetch", "Guild.get")
    }
)

MENTIONED_IN = {
    "ddgs.DDGS": "ddgs/__init__.py",  # stands for the class until that is needed
    "asyncio.run_coroutine_threadsafe": "asyncio.run_coroutine_threadsafe",
    # No annotation, and no value without a peer: the source of this object, or the documentation of a compiled one,
    # names the class.
    "asyncpg.connect": "asyncpg.connect",
    "asyncpg.Connection.prepare": "asyncpg.connection",
    "dbutils.pooled_db.PooledDB.connection": "dbutils.steady_db.connect",
    "dbutils.pooled_db.PooledDB.dedicated_connection": "dbutils.steady_db.connect",
    "dbutils.steady_db.SteadyDBConnection.cursor": "dbutils.steady_db.SteadyDBConnection.cursor",
    "asyncpg.Connection.cursor": "asyncpg.cursor.CursorFactory.__await__",
    "asyncpg.prepared_stmt.PreparedStatement.cursor": "asyncpg.cursor.CursorFactory.__await__",
    "asyncpg.Pool.acquire": "asyncpg.pool.PoolConnectionHolder.acquire",
    "multiprocessing.Pool": "multiprocessing.context.BaseContext.Pool",
    "http.client.HTTPConnection.getresponse": "http.client.HTTPConnection",
    "urllib.request.urlopen": "urllib.request",
    "urllib.request.OpenerDirector.open": "http.client.HTTPConnection",
    "aiomysql.connect": "aiomysql.connection._connect",
    "aiomysql.create_pool": "aiomysql.pool._create_pool",
    "aiomysql.Pool.acquire": "aiomysql.connection._connect",
    "aiomysql.sa.create_engine": "aiomysql.sa.engine._create_engine",
    "aiomysql.sa.Engine.acquire": "aiomysql.sa.Engine._acquire",
    "aiomysql.sa.SAConnection.begin": "aiomysql.sa.connection",
    "aiomysql.sa.SAConnection.begin_nested": "aiomysql.sa.connection",
    "aiomysql.sa.SAConnection.begin_twophase": "aiomysql.sa.connection",
    "aiomysql.sa.SAConnection.execute": "aiomysql.sa.result.create_result_proxy",
    "aioodbc.connect": "aioodbc.connection._connect",
    "aioodbc.connection.Connection.cursor": "aioodbc.connection.Connection.cursor",
    "asyncmy.connect": "asyncmy/connection.pyx",
    "asyncmy.create_pool": "asyncmy/pool.pyx",
    "asyncmy.Pool.acquire": "asyncmy/pool.pyx",
    "asyncio.create_subprocess_exec": "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell": "asyncio.create_subprocess_shell",
    "concurrent.futures.as_completed": "concurrent.futures.as_completed",
    "docker.models.containers.ContainerCollection.run": "docker.models.containers.ContainerCollection.run",
    "docker.models.containers.ContainerCollection.create": "docker.models.containers.ContainerCollection.create",
    "docker.models.containers.ContainerCollection.get": "docker.models.containers.ContainerCollection.get",
    "docker.models.images.ImageCollection.get": "docker.models.images.ImageCollection.get",
    "disnake.abc.Messageable.send": "disnake.abc.Messageable.send",
    "disnake.ext.commands.Context.send": "disnake.abc.Messageable.send",
    "nextcord.abc.Messageable.send": "nextcord.abc.Messageable.send",
    "nextcord.ext.commands.Context.send": "nextcord.abc.Messageable.send",
    "fsspec.AbstractFileSystem.open": "fsspec.AbstractFileSystem._open",
    "grpc.insecure_channel": "grpc.insecure_channel",
    "grpc.secure_channel": "grpc.secure_channel",
    "grpc.Channel.unary_unary": "grpc.Channel.unary_unary",
    "grpc.Channel.unary_stream": "grpc.Channel.unary_stream",
    "grpc.Channel.stream_unary": "grpc.Channel.stream_unary",
    "grpc.Channel.stream_stream": "grpc.Channel.stream_stream",
    "grpc.UnaryUnaryMultiCallable.future": "grpc.UnaryUnaryMultiCallable.future",
    "grpc.StreamUnaryMultiCallable.future": "grpc.StreamUnaryMultiCallable.future",
    "paramiko.SSHClient.open_sftp": "paramiko.SSHClient.open_sftp",
    "paramiko.SSHClient.get_transport": "paramiko.SSHClient.get_transport",
    "paramiko.SFTPClient.from_transport": "paramiko.SFTPClient.from_transport",
    "paramiko.Transport.open_sftp_client": "paramiko.Transport.open_sftp_client",
    "psycopg2.connect": "psycopg2.connect",
    "psycopg2.extensions.connection.cursor": "psycopg2.extensions.connection.cursor",
    "psycopg2.pool.SimpleConnectionPool.getconn": "psycopg2.pool.AbstractConnectionPool._connect",
    "psycopg2.pool.ThreadedConnectionPool.getconn": "psycopg2.pool.AbstractConnectionPool._connect",
    "socket.socket.dup": "socket.socket.dup",
    "socket.create_connection": "socket.create_connection",
    "amqp.Connection.channel": "amqp.Connection.channel",
    "clickhouse_driver.dbapi.connect": "clickhouse_driver.dbapi.connect",
    "clickhouse_driver.dbapi.connection.Connection.cursor": "clickhouse_driver.dbapi.connection.Connection.cursor",
    "firebase_admin.db.reference": "firebase_admin.db.reference",
    "firebase_admin.db.Reference.child": "firebase_admin.db.Reference.child",
    "google.cloud.logging.Client.logger": "google.cloud.logging.Client.logger",
    "ibm_db_dbi.connect": "ibm_db_dbi.connect",
    "ibm_db_dbi.Connection.cursor": "ibm_db_dbi.Connection.cursor",
    "mariadb.connect": "mariadb.connect",
    "mariadb.Connection.cursor": "mariadb.Connection.cursor",
    "MySQLdb.connect": "MySQLdb.connect",
    "MySQLdb.connections.Connection.cursor": "MySQLdb.connections.Connection",
    "pymssql.connect": "pymssql/_pymssql.pyi",
    "pymssql.Connection.cursor": "pymssql/_pymssql.pyi",
    "pyodbc.connect": "pyodbc.connect",
    "pyodbc.Connection.cursor": "pyodbc.Connection.cursor",
    "pyodbc.Connection.execute": "pyodbc.Connection.execute",
    "pyodbc.Cursor.execute": "pyodbc.Cursor.execute",
    "pyodbc.Cursor.executemany": "pyodbc.Cursor.execute",
    "snowflake.connector.connect": "snowflake.connector.connect",
    "snowflake.connector.SnowflakeConnection.cursor": "snowflake.connector.SnowflakeConnection.cursor",
    "acouchbase.bucket.AsyncBucket.default_collection": "acouchbase.collection",
    "cassandra.cluster.Cluster.connect": "cassandra/cluster.py",
    "cassandra.cluster.ResponseFuture.result": "cassandra/cluster.py",
    "cassandra.cluster.Session.execute": "cassandra/cluster.py",
    "cassandra.cluster.Session.execute_graph": "cassandra/cluster.py",
    "cassandra.cluster.Session.execute_async": "cassandra/cluster.py",
    "cassandra.cluster.Session.execute_graph_async": "cassandra/cluster.py",
    "teradatasql.TeradataConnection.cursor": "teradatasql.TeradataConnection.cursor",
}

ANNOTATED_FROM = {"aiogram.types": "aiogram.methods"}
"""Modules whose annotations name classes that they import for type checkers alone, and the module that has these."""

BY_PROPERTY = {
    "fastapi_users.FastAPIUsers.current_user": "fastapi_users.authentication.Authenticator.current_user",
    # Methods that a property gives, and whose they are.
    "discord.ApplicationContext.defer": "discord.InteractionResponse.defer",
    "discord.ApplicationContext.edit": "discord.Interaction.edit_original_response",
    "discord.ApplicationContext.send_followup": "discord.Webhook.send",
    "discord.ApplicationContext.send_modal": "discord.InteractionResponse.send_modal",
    "discord.ApplicationContext.send_response": "discord.InteractionResponse.send_message",
}

GIVE_COROUTINES = {
    # Plain functions, of an asynchronous class, whose annotations do not tell what the synchronous one shares with it.
    "weaviate.collections.collections.async_._CollectionsAsync.create",
    "weaviate.collections.query._QueryCollectionAsync.fetch_object_by_id",
}

MADE_LATER = {
    # Names that are there once a client has been generated.
    "prisma.get_client",
    "prisma.client.get_client",
}

CONTENTS = {
    "django.db.utils.ConnectionHandler": "default",
    "hvac.api.SecretsEngines": "aws",
    "hvac.api.AuthMethods": "token",
}
"""What is asked for where not anything is there by its name."""

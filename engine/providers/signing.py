"""Bedrock's client: botocore signs and finds the address, our bodies and our channel do the rest.

botocore checks, copies and encodes every parameter of a call, and writes a user agent of the whole machine. Here a
call carries its finished body past all that, in a parameter of its own that is taken out before anybody looks, and
is put in where the request is made; its sha-256 goes into the header that SigV4 takes for it. Nothing of the
machine's AWS set-up is read: no profile, no config file, no endpoint. Nothing here knows what a body says.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aioboto3
import aiohttp
import orjson
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.auth import BaseSigner, BearerAuth, SigV4Auth
from botocore.awsrequest import HeadersDict
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError
from botocore.parsers import create_parser
from botocore.tokens import FrozenAuthToken
from multidict import CIMultiDict

from engine.config import Access
from engine.providers.channel import Channel, open_channel
from engine.secrets import check_keys

AGENT = "imcbench-engine"
CONTENT, DIGEST = "Content", "Digest"
"""Parameters of a call that are ours."""
UNREAD = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Where the session would look for what the machine's owner has set up for other programs."""


class ShortPath:
    """The way of a whole answer, from where botocore has made the request: signed, posted and read, nothing else.

    botocore's own way from there on asks a dozen listeners, of which none has a say in these calls, and copies each
    header and answer several times; it costs as much as all the rest of the call. It stays the way of a stream, whose
    frames are botocore's to read; and what is no success is named by its parser.
    """

    def __init__(self, channel: Channel, auth: BaseSigner) -> None:
        self._channel = channel
        self._auth = auth
        self._parser = create_parser("rest-json")

    async def take(
        self, model: Any, params: dict[str, Any], **_: object
    ) -> tuple[Any, dict[str, Any]] | None:
        """Answer in place of the endpoint, as botocore lets a listener of `before-call` do; None for a stream."""
        if model.has_event_stream_output:
            return None
        body = params["body"]
        headers = params["headers"] | {"Content-Length": str(len(body))}
        request = PlainRequest(url=params["url"], headers=headers, body=body)
        self._auth.add_auth(request)
        raw = await _post(self._channel, request, whole=True)
        content = await raw.content
        if raw.status_code < 300:
            return raw, orjson.loads(content) | {
                "ResponseMetadata": {"RequestId": raw.headers.get("x-amzn-requestid", "")}
            }
        answer = {"headers": HeadersDict(raw.headers), "status_code": raw.status_code, "body": content}
        return raw, self._parser.parse(answer, model.output_shape)


@dataclass(slots=True, kw_only=True)
class PlainRequest:
    """What botocore's signers and our channel need of a request."""

    url: str
    headers: dict[str, str]
    body: Any
    method: str = "POST"
    params: dict[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


class ChannelSession:
    """What aiobotocore takes for its HTTP session."""

    channel: Channel

    def __init__(self, **settings: object) -> None:
        pass  # pools, timeouts and proxies are the channel's

    async def __aenter__(self) -> ChannelSession:
        return self

    async def __aexit__(self, *raised: object) -> None:
        pass

    async def close(self) -> None:
        """Leave the channel to whoever opened it."""

    async def send(self, request: Any) -> AioAWSResponse:
        """Send one signed request; raises the errors that botocore's callers expect."""
        return await _post(self.channel, request, whole=not request.stream_output)


async def _post(channel: Channel, request: Any, *, whole: bool) -> AioAWSResponse:
    """Post a signed request, and read the answer where all of it is wanted or it is no success."""
    headers = CIMultiDict(
        (name, value.decode("ascii") if isinstance(value, bytes) else value)
        for name, value in request.headers.items()
    )
    try:
        raw = await channel.post(request.url, headers, request.body)
        told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw.raw_headers}
        response = AioAWSResponse(request.url, raw.status, told, raw)
        if whole or raw.status >= 300:
            await response.content  # kept there: who awaits it again gets the same
        return response
    except aiohttp.ClientConnectorError as error:
        raise EndpointConnectionError(endpoint_url=request.url, error=error) from error
    except (aiohttp.ClientError, OSError) as error:
        raise ConnectionClosedError(endpoint_url=request.url, error=error) from error


@asynccontextmanager
async def open_bedrock(access: Access, room: int) -> AsyncIterator[Any]:
    """Open the client; calls take `modelId`, `Content` (the body) and `Digest` (its sha-256)."""
    check_keys(access.secrets)
    address = access.base_url or f"https://bedrock-runtime.{access.region}.amazonaws.com"
    bearer = "AWS_BEARER_TOKEN_BEDROCK" in access.secrets
    async with open_channel(address, room, access.within) as channel:
        config = AioConfig(
            http_session_cls=type("OneSession", (ChannelSession,), {"channel": channel}),
            retries={"total_max_attempts": 1},
            user_agent=AGENT,
            proxies={},
            ignore_configured_endpoint_urls=True,
            **({} if bearer else {"signature_version": "v4"}),
        )
        session = aioboto3.Session(botocore_session=AioSession(session_vars=UNREAD))
        async with session.client(
            "bedrock-runtime",
            region_name=access.region,
            endpoint_url=access.base_url or None,
            aws_access_key_id=access.secrets.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=access.secrets.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=access.secrets.get("AWS_SESSION_TOKEN"),
            config=config,
        ) as client:
            # Retries are ours alone: botocore would still weigh every answer against its own rules.
            client.meta.events.unregister(
                "needs-retry.bedrock-runtime", unique_id="retry-config-bedrock-runtime"
            )
            client.meta.events.register_first("provide-client-params.bedrock-runtime", _take_out)
            client.meta.events.register("before-call.bedrock-runtime", _put_in)
            client.meta.events.register_last(
                "before-call.bedrock-runtime", ShortPath(channel, make_auth(access)).take
            )
            yield client


def make_auth(access: Access) -> BaseSigner:
    """Give what signs a request: with the bearer token where there is one, else with SigV4."""
    secrets = access.secrets
    if "AWS_BEARER_TOKEN_BEDROCK" in secrets:
        return BearerAuth(FrozenAuthToken(secrets["AWS_BEARER_TOKEN_BEDROCK"]))
    keys = ReadOnlyCredentials(
        secrets.get("AWS_ACCESS_KEY_ID"),
        secrets.get("AWS_SECRET_ACCESS_KEY"),
        secrets.get("AWS_SESSION_TOKEN"),
    )
    return SigV4Auth(keys, "bedrock", access.region)


def _take_out(params: dict[str, Any], context: dict[str, Any], **_: object) -> dict[str, Any]:
    """Keep our own parameters aside, where botocore would refuse them."""
    context[CONTENT], context[DIGEST] = params[CONTENT], params[DIGEST]
    return {"modelId": params["modelId"]}


def _put_in(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    """Give the request its body."""
    params["body"] = context[CONTENT]
    params["headers"]["Content-Type"] = "application/json"
    params["headers"]["X-Amz-Content-SHA256"] = context[DIGEST]

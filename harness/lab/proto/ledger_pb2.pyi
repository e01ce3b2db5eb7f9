from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class BalanceRequest(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: str
    def __init__(self, account: _Optional[str] = ...) -> None: ...

class Balance(_message.Message):
    __slots__ = ("account", "cents", "version")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CENTS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    account: str
    cents: int
    version: int
    def __init__(self, account: _Optional[str] = ..., cents: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("account", "limit", "interval_s")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_S_FIELD_NUMBER: _ClassVar[int]
    account: str
    limit: int
    interval_s: float
    def __init__(self, account: _Optional[str] = ..., limit: _Optional[int] = ..., interval_s: _Optional[float] = ...) -> None: ...

class Transfer(_message.Message):
    __slots__ = ("id", "from_account", "to_account", "cents", "nonce")
    ID_FIELD_NUMBER: _ClassVar[int]
    FROM_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    TO_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CENTS_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    id: str
    from_account: str
    to_account: str
    cents: int
    nonce: str
    def __init__(self, id: _Optional[str] = ..., from_account: _Optional[str] = ..., to_account: _Optional[str] = ..., cents: _Optional[int] = ..., nonce: _Optional[str] = ...) -> None: ...

class TransferRequest(_message.Message):
    __slots__ = ("from_account", "to_account", "cents", "nonce")
    FROM_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    TO_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CENTS_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    from_account: str
    to_account: str
    cents: int
    nonce: str
    def __init__(self, from_account: _Optional[str] = ..., to_account: _Optional[str] = ..., cents: _Optional[int] = ..., nonce: _Optional[str] = ...) -> None: ...

class TransferReceipt(_message.Message):
    __slots__ = ("id", "nonce", "from_cents", "to_cents", "repeated")
    ID_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    FROM_CENTS_FIELD_NUMBER: _ClassVar[int]
    TO_CENTS_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    id: str
    nonce: str
    from_cents: int
    to_cents: int
    repeated: bool
    def __init__(self, id: _Optional[str] = ..., nonce: _Optional[str] = ..., from_cents: _Optional[int] = ..., to_cents: _Optional[int] = ..., repeated: _Optional[bool] = ...) -> None: ...

class ImportSummary(_message.Message):
    __slots__ = ("accepted", "total_cents")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_CENTS_FIELD_NUMBER: _ClassVar[int]
    accepted: int
    total_cents: int
    def __init__(self, accepted: _Optional[int] = ..., total_cents: _Optional[int] = ...) -> None: ...

class FindRequest(_message.Message):
    __slots__ = ("nonce",)
    NONCE_FIELD_NUMBER: _ClassVar[int]
    nonce: str
    def __init__(self, nonce: _Optional[str] = ...) -> None: ...
